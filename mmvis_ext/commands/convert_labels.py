"""Convert labels of videos from one format to another."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mmvis_ext.utils.errors import InputError

if TYPE_CHECKING:
    from mmvis_ext.annotations.records import AnnotationFile

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis convert labels labelme youtube_vis my_data/labels --out my_data/all.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    from mmvis_ext.annotations.formats import FORMATS, TRACK_BY

    listed = "\n".join(
        f"  {name:13} {form.about}{'' if form.write else ' (read only)'}" for name, form in FORMATS.items()
    )
    parser.epilog = f"{parser.epilog or ''}\n\nformats:\n{listed}"
    parser.add_argument("source_format", choices=tuple(FORMATS), metavar="FROM", help="format to read, see below")
    parser.add_argument("target_format", choices=tuple(FORMATS), metavar="TO", help="format to write, see below")
    parser.add_argument("source", type=Path, metavar="SOURCE", help="file or folder of the labels")
    parser.add_argument("--out", type=Path, required=True, help="file or folder to write")
    parser.add_argument("--frames", type=Path, metavar="DIR", help="folder with a folder of pictures per video")
    parser.add_argument(
        "--track-by",
        choices=TRACK_BY,
        default="id",
        help="what makes shapes of several frames one track: the id that they were given, or their label (default: id)",
    )
    parser.add_argument("--classes", nargs="+", metavar="NAME", help="names and order of the classes")
    parser.add_argument("--fill-boxes", action="store_true", help="take a box for a mask of all its pixels")
    parser.add_argument("--strict", action="store_true", help="refuse what is otherwise mended with a warning")


def run(args: argparse.Namespace) -> None:
    """Convert the labels."""
    from mmvis_ext.annotations.formats import Source, read_labels, write_labels

    if args.out.resolve() == args.source.resolve():
        raise InputError(f"{args.out}: would replace the source; choose another --out.")
    source = Source(args.source, args.frames, args.track_by, args.classes, args.fill_boxes, args.strict)
    file = read_labels(args.source_format, source)
    write_labels(args.target_format, file, args.out)
    print(f"{args.out}: {_summary(file)}")


def _summary(file: "AnnotationFile") -> str:
    """Numbers of videos, frames, tracks and classes, and whether there are masks."""
    tracks = [track for video in file.videos for track in video.tracks or ()]
    frames = sum(len(video.file_names) for video in file.videos)
    shown = sum(int(track.visible.sum()) for track in tracks)
    what = "masks" if any(track.segmentations for track in tracks) else "boxes alone"
    names = ", ".join(category["name"] for category in file.categories)
    return f"{len(file.videos)} videos, {frames} frames, {len(tracks)} tracks with {shown} {what}; classes: {names}"
