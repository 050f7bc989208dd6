"""Make a small file of a trained model's checkpoint, to hand on: its weights and classes, without the training's state.

python tools/model_converters/publish_model.py work_dirs/srnet_lite0_davis2016/epoch_12.pth srnet.pth --half
"""

import argparse
import os

import torch
from torch import Tensor

from mmvis_ext.engine.checkpoint_content import weights_of
from mmvis_ext.engine.checkpoints import plain, read_checkpoint
from mmvis_ext.utils.errors import InputError, command_line
from mmvis_ext.utils.files import atomic_file, require_writable_file

KEPT = ("dataset_meta", "epoch", "iter", "seed", "mmengine_version")


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", help="checkpoint that training wrote")
    parser.add_argument("out", help="file to write")
    parser.add_argument("--half", action="store_true", help="store numbers of 16 bits, in a file of half the size")
    return parser.parse_args()


def halved(weights: dict[str, Tensor], where: str) -> dict[str, Tensor]:
    """The weights as numbers of 16 bits; whole numbers stay.

    Raises:
        InputError: a weight is too large for them.
    """
    small = {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}
    large = next((name for name, value in small.items() if not value.isfinite().all()), None)
    if large is not None:
        raise InputError(f"{where}: its weight '{large}' is too large for 16 bits; leave out --half.")
    return small


def published(checkpoint: dict, half: bool, where: str) -> dict:
    """What is handed on of a checkpoint."""
    weights = weights_of(checkpoint)
    weights = halved(weights, where) if half else weights
    meta = {key: value for key, value in (checkpoint.get("meta") or {}).items() if key in KEPT}
    return plain(dict(meta=meta, state_dict=weights))


@command_line
def main() -> None:
    args = parse_args()
    require_writable_file(args.out)
    content = published(read_checkpoint(args.checkpoint), args.half, args.checkpoint)
    with atomic_file(args.out) as file:
        torch.save(content, file)
    print(f"{args.out}: {os.path.getsize(args.out) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
