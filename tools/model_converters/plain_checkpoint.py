"""Turn a checkpoint that holds pickled objects, as mmengine and mmdet write them, into one of plain tensors.

Reading such a file can run code in it, so do this only with files that you trust.
"""

import argparse
import os

import torch

from mmvis_ext.engine.checkpoints import plain
from mmvis_ext.utils.errors import InputError, command_line
from mmvis_ext.utils.files import atomic_file, require_writable_file


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", help="checkpoint file that you trust")
    parser.add_argument("out", help="file to write")
    return parser.parse_args()


def read_trusted(path: str) -> dict:
    """Read a checkpoint with all its objects."""
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=False)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path.") from None
    except Exception as error:  # a broken file, or one with objects of a missing package, makes torch raise anything
        raise InputError(
            f"{path}: cannot be read as a checkpoint ({type(error).__name__}: {error}); get it again, or install the "
            "package whose objects it holds."
        ) from None
    if not isinstance(checkpoint, dict):
        raise InputError(f"{path}: holds a {type(checkpoint).__name__} and not a checkpoint's dict; give another file.")
    return checkpoint


@command_line
def main() -> None:
    args = parse_args()
    require_writable_file(args.out)
    os.environ.pop("TORCH_FORCE_WEIGHTS_ONLY_LOAD", None)
    checkpoint = read_trusted(args.checkpoint)
    if "message_hub" in checkpoint:  # the history of logged values; a resumed run needs the rest alone
        checkpoint["message_hub"] = dict(log_scalars={}, runtime_info={}, resumed_keys={})
    with atomic_file(args.out) as file:
        torch.save(plain(checkpoint), file)
    print(f"{args.checkpoint} -> {args.out}")


if __name__ == "__main__":
    main()
