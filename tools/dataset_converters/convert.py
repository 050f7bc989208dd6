"""Convert labels of videos: ``convert.py labelme youtube_vis LABELS --out train.json``."""

import argparse
from pathlib import Path

from mmvis_ext.annotations.formats import FORMATS, TRACK_BY, Source, read_labels, write_labels
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.utils.errors import InputError, command_line


def add_arguments(parser: argparse.ArgumentParser) -> None:
    listed = "\n".join(
        f"  {name:13} {form.about}{'' if form.write else ' (read only)'}" for name, form in FORMATS.items()
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"formats:\n{listed}"
    parser.add_argument("source_format", choices=FORMATS, metavar="FROM", help="format to read, see below")
    parser.add_argument("target_format", choices=FORMATS, metavar="TO", help="format to write, see below")
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


def convert(args: argparse.Namespace) -> None:
    if args.out.resolve() == args.source.resolve():
        raise InputError(f"{args.out}: would replace the source; choose another --out.")
    source = Source(args.source, args.frames, args.track_by, args.classes, args.fill_boxes, args.strict)
    file = read_labels(args.source_format, source)
    write_labels(args.target_format, file, args.out)
    print(f"{args.out}: {summary(file)}")


def summary(file: AnnotationFile) -> str:
    """Numbers of videos, frames, tracks and classes, and whether there are masks."""
    tracks = [track for video in file.videos for track in video.tracks or ()]
    frames = sum(len(video.file_names) for video in file.videos)
    shown = sum(int(track.visible.sum()) for track in tracks)
    what = "masks" if any(track.segmentations for track in tracks) else "boxes alone"
    names = ", ".join(category["name"] for category in file.categories)
    return f"{len(file.videos)} videos, {frames} frames, {len(tracks)} tracks with {shown} {what}; classes: {names}"


@command_line
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    convert(parser.parse_args())


if __name__ == "__main__":
    main()
