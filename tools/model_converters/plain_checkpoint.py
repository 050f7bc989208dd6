"""Turn a checkpoint that holds pickled objects, as mmengine and mmdet write them, into one of plain tensors.

Reading such a file can run code in it, so do this only with files that you trust.
"""

import argparse
import os

import torch

from mmvis_ext.checkpoints import plain, read_trusted
from mmvis_ext.utils.errors import command_line
from mmvis_ext.utils.files import atomic_file, require_writable_file


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", help="checkpoint file that you trust")
    parser.add_argument("out", help="file to write")
    return parser.parse_args()


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
