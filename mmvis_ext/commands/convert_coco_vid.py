"""Convert an official YouTube-VIS or OVIS annotation file to CocoVID (one annotation per frame and object).

Each split is converted on its own; one without annotations is possible too. You need this for other software only:
mmvis_ext reads both forms.
"""

import argparse
import json
from pathlib import Path

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import write_atomically

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis convert coco-vid data/shapes_vis/mini/youtube_vis/val.json --out val-coco-vid.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("ann_file", type=Path, help="annotation file in the official form (.json)")
    parser.add_argument("--out", type=Path, required=True, help="the CocoVID file to write (.json)")
    parser.add_argument("--workers", type=int, help="number of processes (default: one per core)")


def run(args: argparse.Namespace) -> None:
    """Convert the file."""
    from mmvis_ext.annotations.converters import official_to_coco_vid

    if args.out.resolve() == args.ann_file.resolve():
        raise InputError(f"{args.out}: would replace the official file; choose another --out.")
    data, unseen = official_to_coco_vid(args.ann_file, workers=args.workers, progress=True)
    write_atomically(args.out, json.dumps(data).encode())
    annotations = data.get("annotations")
    masks = "no annotations" if annotations is None else f"{len(annotations)} masks"
    print(f"{args.out}: {len(data['videos'])} videos, {len(data['images'])} frames, {masks}")
    if unseen:
        print(f"left out, since no frame shows them: {len(unseen)} tracks (ids {', '.join(map(str, unseen[:10]))} ...)")
