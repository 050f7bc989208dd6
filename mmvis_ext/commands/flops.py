"""Count parameters and operations of a config's model: backbone, neck, head and mask branch.

Operations are counted in matrix products, convolutions and attention, and given per frame. A multiplication with an
addition is two FLOPs or one MAC; many papers report MACs but call them FLOPs.
"""

import argparse

from mmvis_ext.utils.errors import InputError

from .arguments import add_cfg_options

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis flops configs/inspro/inspro_r50_ytvis2019.py --size 640x360"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("config", help="config file")
    parser.add_argument("--size", default="640x360", metavar="WxH", help="size of the frames (default: 640x360)")
    parser.add_argument("--frames", type=int, help="frames per step (default: the model's window)")
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> None:
    """Count."""
    from terminaltables import AsciiTable

    from mmvis_ext.engine.benchmarking import Stepper, cycle_frames, frame_size
    from mmvis_ext.engine.building import build_model, read_config
    from mmvis_ext.engine.flops import count_flops, count_parameters

    size = frame_size(args.size)
    model = build_model(read_config(args.config, args.cfg_options))
    if args.frames is not None:
        if args.frames < 1:
            raise InputError(f"--frames {args.frames}: a step takes at least one frame; give 1 or more.")
        model.window = args.frames
    frames = cycle_frames(model, size)
    number, step = len(frames), Stepper(model, frames, size)
    flops, parameters = count_flops(model, step, model.parts), count_parameters(model, model.parts)
    rows = [
        [
            part,
            f"{parameters[part] / 1e6:.2f}",
            f"{flops[part] / number / 1e9:.2f}",
            f"{flops[part] / number / 2e9:.2f}",
        ]
        for part in ("backbone", "neck", "head", "mask", "total")
    ]
    print(AsciiTable([["part", "parameters (M)", "GFLOPs per frame", "GMACs per frame"], *rows]).table)
    print(f"{args.size}, {model.window} frames per step")
