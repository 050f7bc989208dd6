"""Split a training set into training and validation videos, stratified by class."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mmvis_ext.utils.arguments import seed
from mmvis_ext.utils.errors import InputError

if TYPE_CHECKING:
    from mmvis_ext.annotations.splitting import Split

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = (
    "mmvis convert split data/shapes_vis/mini/youtube_vis/train.json --out-train train-part.json --out-val "
    "held-out.json"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("ann_file", type=Path, help="annotations in the official or the CocoVID form (.json)")
    parser.add_argument("--out-train", type=Path, required=True, help="file to write with the larger part")
    parser.add_argument("--out-val", type=Path, required=True, help="file to write with the held-out part")
    parser.add_argument("--fraction", type=float, default=0.15, help="share of the videos held out (default: 0.15)")
    parser.add_argument("--seed", type=seed, default=0, help="seed of the random choice of videos (default: 0)")


def run(args: argparse.Namespace) -> None:
    """Split the file."""
    from mmvis_ext.annotations.splitting import split_annotation_file, write_split

    if len({p.resolve() for p in (args.ann_file, args.out_train, args.out_val)}) < 3:
        raise InputError("ANN_FILE, --out-train and --out-val must be three different files; choose other names.")
    split = split_annotation_file(args.ann_file, args.fraction, args.seed)
    write_split(split, args.out_train, args.out_val)
    print(_table(split))


def _table(split: "Split") -> str:
    """A table with the number of videos and tracks of each class in both parts."""
    from terminaltables import AsciiTable

    rows: list[list] = [[c.name, c.train_videos, c.val_videos, c.train_tracks, c.val_tracks] for c in split.classes]
    total = ["all", len(split.train["videos"]), len(split.val["videos"]), *(sum(r[i] for r in rows) for i in (3, 4))]
    head = ["class", "videos in train", "in val", "tracks in train", "in val"]
    return AsciiTable([head, *rows, total]).table
