"""Draw a figure of the papers from any checkpoint and video.

efficientvis-4    proposals of the best slots, their features, and what the slots' filters leave of them
efficientvis-5    masks and tracklet proposals in a video of few frames per second (--stride)
efficientvis-6    masks and tracklet proposals
inspro-3          all boxes of all slots, however low their scores; --against draws those of another checkpoint below
inspro-7          the same
srnet-maps        objects, pixel offsets, objectness, tracking vectors and heatmap
srnet-4           speed against accuracy, of the --points that are given; it takes no model
"""

import argparse
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_file, require_writable_file

from .arguments import add_cfg_options

if TYPE_CHECKING:
    import numpy as np

__all__ = ["EXAMPLE", "FIGURES", "add_arguments", "run"]

EXAMPLE = "mmvis figure srnet-maps configs/srnet/srnet_lite0_davis2016.py checkpoints/srnet_lite0_davis2016.pth VIDEO"
FIGURES = ("efficientvis-4", "efficientvis-5", "efficientvis-6", "inspro-3", "inspro-7", "srnet-maps", "srnet-4")
COUNT, AMONG = 5, 100  # where no frames are chosen: so many, evenly spread over so many of the video's first ones


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("figure", choices=FIGURES, help="which one, see above")
    parser.add_argument("config", nargs="?", help="config file")
    parser.add_argument("checkpoint", nargs="?", help="weights")
    parser.add_argument("video", nargs="?", help="a video file or a folder of frames")
    parser.add_argument("--out", type=Path, metavar="FILE.png", help="the picture (default: FIGURE.png)")
    parser.add_argument(
        "--frames",
        type=int,
        nargs="+",
        metavar="N",
        help="which frames are shown, from 0 (default: five of the first 100)",
    )
    parser.add_argument(
        "--stride", type=int, default=1, metavar="N", help="the model sees every N-th frame (default: 1)"
    )
    parser.add_argument("--against", metavar="CHECKPOINT", help="another checkpoint, drawn below; for inspro-3 and -7")
    parser.add_argument("--points", nargs="+", metavar="NAME=FPS,FIGURE", help="what srnet-4 draws")
    parser.add_argument("--device", help="cpu, cuda, cuda:1 ... (default: a GPU if there is one)")
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Draw it."""
    out = args.out or Path(f"{args.figure}.png")
    _check(args)
    require_writable_file(out)
    if args.figure == "srnet-4":
        from mmvis_ext.figures import Point, trade_off_figure

        trade_off_figure([Point.parse(text) for text in args.points], out)
    else:
        from PIL import Image

        with atomic_file(out) as file:
            Image.fromarray(_picture(args)).save(file, "PNG")
    print(f"{out}: {args.figure}")


def _check(args: argparse.Namespace) -> None:
    if args.figure == "srnet-4":
        if not args.points:
            raise InputError("srnet-4: needs --points NAME=FPS,FIGURE ..., one for each model.")
        if args.config or args.against or args.frames or args.stride != 1 or args.device or args.cfg_options:
            raise InputError("srnet-4: draws --points alone and takes no model or video; leave all else out.")
        return
    if args.points:
        raise InputError(f"--points: are drawn by srnet-4 and not by {args.figure}; leave them out.")
    if args.video is None:
        raise InputError(f"{args.figure}: needs a config, a checkpoint and a video.")
    if args.against and not args.figure.startswith("inspro"):
        raise InputError(f"--against: is for inspro-3 and inspro-7 and not for {args.figure}; leave it out.")


def _picture(args: argparse.Namespace) -> "np.ndarray":
    from mmvis_ext.engine.building import read_config
    from mmvis_ext.figures import box_figure, filter_figure, map_figure, proposal_figure
    from mmvis_ext.inference import VISInferencer
    from mmvis_ext.videos import Selection, open_video

    config = read_config(args.config, args.cfg_options)
    inferencers = [VISInferencer(config, path, args.device) for path in (args.checkpoint, args.against) if path]
    first, window = inferencers[0], inferencers[0].window
    source = Selection(stride=args.stride).of(open_video(args.video))
    enough = (max(args.frames) // window + 1) * window if args.frames else AMONG
    pictures = [frame.picture for frame in islice(source.frames(), max(enough, 0))]
    frames = _frames(args, len(pictures), window)
    if args.figure.startswith("inspro"):
        names = [Path(path).stem for path in (args.checkpoint, args.against) if path]
        return box_figure(inferencers, names, pictures, frames)
    figure = {"efficientvis-4": filter_figure, "srnet-maps": map_figure}.get(args.figure, proposal_figure)
    return figure(first, pictures, frames)


def _frames(args: argparse.Namespace, length: int, window: int) -> list[int]:
    """The numbers of the frames that are shown, in order."""
    from mmvis_ext.visualization import spread

    if not args.frames:
        return spread(min(length, window) if args.figure == "efficientvis-4" else length, COUNT)
    strange = [n for n in args.frames if not 0 <= n < length]
    if strange:
        raise InputError(f"--frames {strange[0]}: is no frame of the video, of which {length} were read; count from 0.")
    frames = sorted(set(args.frames))
    if args.figure == "efficientvis-4" and frames[0] // window != frames[-1] // window:
        raise InputError(f"--frames: efficientvis-4 shows one clip of {window} frames; choose frames of the same clip.")
    return frames
