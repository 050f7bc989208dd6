"""Make a small file of a trained model's checkpoint, to hand on: its weights and classes, without the training's state.

With --half it is half as large, since its numbers have 16 bits.
"""

import argparse
import os
from typing import TYPE_CHECKING

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_file, require_writable_file

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis publish work_dirs/small/epoch_7.pth small.pth --half"

KEPT = ("dataset_meta", "epoch", "iter", "seed", "mmengine_version")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("checkpoint", help="checkpoint that training wrote")
    parser.add_argument("out", help="file to write")
    parser.add_argument("--half", action="store_true", help="store numbers of 16 bits, in a file of half the size")


def run(args: argparse.Namespace) -> None:
    """Write the file."""
    import torch

    from mmvis_ext.checkpoints import read_checkpoint

    require_writable_file(args.out)
    content = _published(read_checkpoint(args.checkpoint), args.half, args.checkpoint)
    with atomic_file(args.out) as file:
        torch.save(content, file)
    print(f"{args.out}: {os.path.getsize(args.out) / 1e6:.1f} MB")


def _published(checkpoint: dict, half: bool, where: str) -> dict:
    """What is handed on of a checkpoint."""
    from mmvis_ext.checkpoints import plain, weights_of

    weights = weights_of(checkpoint)
    weights = _halved(weights, where) if half else weights
    meta = {key: value for key, value in (checkpoint.get("meta") or {}).items() if key in KEPT}
    return plain(dict(meta=meta, state_dict=weights))


def _halved(weights: "dict[str, Tensor]", where: str) -> "dict[str, Tensor]":
    """The weights as numbers of 16 bits; whole numbers stay.

    Raises:
        InputError: a weight is too large for them.
    """
    small = {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}
    large = next((name for name, value in small.items() if not value.isfinite().all()), None)
    if large is not None:
        raise InputError(f"{where}: its weight '{large}' is too large for 16 bits; leave out --half.")
    return small
