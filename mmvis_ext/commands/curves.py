"""Draw how fast systems learn: the figure of their validations over the minutes of training.

The minutes are those of training alone, without validations. Trainings with other seeds of the same system have the
same NAME, and a training in stages has all of its work dirs, in order: NAME=STILLS,CLIPS.
"""

import argparse
from pathlib import Path

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_writable_file, write_figure

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis curves EfficientVIS=work_dirs/stills,work_dirs/clips SRNet=work_dirs/srnet --out curves.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("trainings", nargs="+", metavar="NAME=DIR[,DIR...]", help="a system and its work dirs")
    parser.add_argument("--figure", default="AP", help="of the validations, as AP50 or J&F (default: AP)")
    parser.add_argument("--out", type=Path, default=Path("curves.png"), metavar="FILE.png",
                        help="the picture (default: curves.png)")  # fmt: skip


def run(args: argparse.Namespace) -> None:
    """Draw, and print what is drawn."""
    from terminaltables import AsciiTable

    from mmvis_ext.engine.learning import draw_learning, read_learning

    require_writable_file(args.out)
    curves = [read_learning(*_training(text), args.figure) for text in args.trainings]
    write_figure(draw_learning(curves, args.figure), args.out)
    rows = [
        [curve.name, f"{minutes:.1f}", f"{figure:.1f}"]
        for curve in curves
        for minutes, figure in zip(curve.minutes, curve.figures, strict=True)
    ]
    print(AsciiTable([["system", "minutes", args.figure], *rows]).table)
    print(args.out)


def _training(text: str) -> tuple[str, list[Path]]:
    """Name and work dirs of ``NAME=DIR[,DIR...]``."""
    name, _, folders = text.partition("=")
    stages = folders.split(",")
    if not name or not all(stages):
        raise InputError(f"{text}: is no training; write NAME=DIR, or NAME=DIR,DIR for one in stages.")
    return name, [Path(folder) for folder in stages]
