"""Write a ShapesVIS data set: videos of textured shapes with exact masks."""

import argparse
import time
from pathlib import Path

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis shapes --preset mini"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    from mmvis_ext.shapes_vis import LAYOUTS, PRESETS

    presets = "\n".join(f"  {name:18} {preset.about}" for name, preset in PRESETS.items())
    knobs = "The knobs are the fields of mmvis_ext.shapes_vis.SceneConfig."
    parser.epilog = f"{parser.epilog}\n\npresets:\n{presets}\n\n{knobs}"
    parser.add_argument(
        "--preset", choices=tuple(PRESETS), required=True, metavar="NAME", help="which dataset, see below"
    )
    parser.add_argument("--out", type=Path, help="folder to write to (default: data/shapes_vis/<preset>)")
    parser.add_argument(
        "--layouts",
        nargs="+",
        choices=tuple(LAYOUTS),
        default=["youtube_vis"],
        metavar="LAYOUT",
        help=f"file layouts to write, each to <out>/<layout>: {', '.join(LAYOUTS)} (default: youtube_vis)",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of all random choices (default: 0)")
    parser.add_argument("--workers", type=int, help="number of processes (default: one per core)")
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        dest="settings",
        metavar="KNOB=VALUE",
        help="set knobs of the scenes for all videos, e.g. blur=1 objects=2,4",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace another ShapesVIS dataset in the folder")


def run(args: argparse.Namespace) -> None:
    """Write the data set."""
    from mmvis_ext.shapes_vis import PRESETS, SceneConfig, generate

    preset = PRESETS[args.preset].with_knobs(**SceneConfig.parse(args.settings))
    out = args.out or Path("data/shapes_vis") / preset.name
    started = time.monotonic()
    generate(
        preset,
        out,
        args.layouts,
        seed=args.seed,
        workers=args.workers,
        overwrite=args.overwrite,
        progress=True,
    )
    print(f"ShapesVIS {preset.name} is in {out} ({' '.join(args.layouts)}; {time.monotonic() - started:.1f} s)")
