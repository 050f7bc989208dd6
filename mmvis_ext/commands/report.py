"""Write a page on results: where AP is lost, and a player with frames, truth, predictions and errors."""

import argparse
import time
from pathlib import Path

from mmvis_ext.utils.arguments import finite

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = (
    "mmvis report data/shapes_vis/mini/youtube_vis/val.json small.zip "
    "--frames data/shapes_vis/mini/youtube_vis/val/JPEGImages --out report"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "truth",
        nargs="?",
        type=Path,
        metavar="GT",
        help="annotation file in the YouTube-VIS or the CocoVID form, or folder of DAVIS or of PNGs per sequence; "
        "leave it out to see results alone",
    )
    parser.add_argument(
        "results",
        type=Path,
        metavar="RESULTS",
        help="results file (.json, .zip), or folder or zip of PNGs per sequence; without GT also the tracks that "
        "mmvis infer writes",
    )
    parser.add_argument("--frames", type=Path, metavar="DIR", help="folder of the images (default: DAVIS' own)")
    parser.add_argument("--out", type=Path, default=Path("report"), metavar="DIR", help="folder (default: report)")
    parser.add_argument("--max-size", type=int, default=640, metavar="N", help="longer side of frames (default: 640)")
    parser.add_argument("--link-frames", action="store_true", help="show the frames where they lie, and copy none")
    parser.add_argument("--min-score", type=finite, help="lowest score of shown results (default: with the best F1)")
    parser.add_argument("--year", type=int, choices=(2016, 2019), default=2019, help="measure of DAVIS (default: 2019)")
    parser.add_argument("--list", type=Path, metavar="FILE", help="list of DAVIS' sequences (default: val, else all)")
    parser.add_argument("--workers", type=int, help="number of processes (default: one per core)")


def run(args: argparse.Namespace) -> None:
    """Write the page."""
    from mmvis_ext.report import write_page
    from mmvis_ext.report.page import check_page_folder
    from mmvis_ext.report.sources import Source, content_of

    started = time.monotonic()
    check_page_folder(args.out, args.max_size)
    content = content_of(Source(args.truth, args.results, args.frames, args.list, args.year, args.min_score))
    path = write_page(
        content,
        args.out,
        max_size=args.max_size,
        link_frames=args.link_frames,
        workers=args.workers,
        progress=True,
    )
    for figure in content.figures[:3]:
        print(f"{figure.name:6} {figure.value:5.1f}")
    print(f"{path}: {len(content.videos)} videos in {time.monotonic() - started:.1f} s; open it in a browser")
