"""Export a trained model as a file that other programs run, such as ONNX Runtime, and check it against the model.

The file is one step: frames and the state of the stream go in; boxes, masks, scores, track ids and the next state come
out. It says in its metadata how it is run; see docs/deploy.md.
"""

import argparse
import os
from typing import TYPE_CHECKING

from .arguments import add_cfg_options

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = (
    "mmvis export configs/srnet/srnet_lite0_davis2016.py checkpoints/srnet_lite0_davis2016.pth --size 432x240 "
    "--out srnet.onnx"
)
FORMATS = ("onnx", "torchscript", "exported-program")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("config", help="config file")
    parser.add_argument("checkpoint", help="checkpoint file")
    parser.add_argument("--out", required=True, metavar="FILE", help="file to write")
    parser.add_argument("--format", choices=FORMATS, default="onnx", help="format of the file (default: onnx)")
    parser.add_argument("--size", default="640x360", metavar="WxH", help="size of the frames (default: 640x360)")
    parser.add_argument("--frames", type=int, help="frames per step of a clip model (default: the model's window)")
    parser.add_argument("--objects", type=int, default=10, help="most objects that a step can show (default: 10)")
    parser.add_argument("--video", help="video whose first frames the file is checked with (default: a generated one)")
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Export."""
    from mmvis_ext.engine.benchmarking import frame_size
    from mmvis_ext.engine.building import read_config
    from mmvis_ext.export import export_model, load_format
    from mmvis_ext.inference import VISInferencer
    from mmvis_ext.utils.errors import InputError
    from mmvis_ext.utils.files import require_writable_file
    from mmvis_ext.utils.limits import check_frame_size

    require_writable_file(args.out)
    load_format(args.format)
    size = frame_size(args.size)
    check_frame_size(*size, f"--size {args.size}")
    inferencer = VISInferencer(read_config(args.config, args.cfg_options), args.checkpoint, "cpu")
    model = inferencer.model
    if args.frames is not None:
        if args.frames < 1 or (model.window == 1 and args.frames > 1):
            raise InputError(
                f"--frames {args.frames}: {type(model).__name__} takes {model.window} per step; leave it out."
            )
        model.window = args.frames
    video = _first_frames(args.video, size, model.window) if args.video else None
    done = export_model(model, inferencer.classes, args.out, size, args.format, args.objects, video)
    for path in done.paths:
        print(f"{path}: {os.path.getsize(path) / 1e6:.1f} MB")
    print(f"{args.size}, {model.window} frames per step, at most {done.objects} objects")
    print("largest difference from the model: " + ", ".join(f"{k} {v:.1e}" for k, v in done.differences.items()))


def _first_frames(path: str, size: tuple[int, int], window: int) -> "Tensor":
    """The first windows of a video, resized to ``size`` (H, W): (F,H,W,3) uint8 RGB."""
    from itertools import islice

    import cv2
    import numpy as np
    import torch

    from mmvis_ext.export.agreement import WINDOWS
    from mmvis_ext.utils.errors import InputError
    from mmvis_ext.videos import open_video

    frames = [cv2.resize(frame, size[::-1]) for frame in islice(open_video(path), WINDOWS * window)]
    if len(frames) < window:
        raise InputError(f"{path}: has {len(frames)} frames, but a step takes {window}; choose a longer video.")
    return torch.from_numpy(np.stack(frames[: len(frames) // window * window]))
