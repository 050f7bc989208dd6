"""Evaluate a results file of video instance segmentation with YouTube-VIS's AP and AR, in 0..100."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmvis_ext.evaluation import YTVISResult
    from mmvis_ext.evaluation.video_lengths import ShortAndLong

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis eval youtube-vis data/shapes_vis/mini/youtube_vis/val.json small.zip --classwise"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("ground_truth", help="annotation file in the YouTube-VIS or the CocoVID form (.json)")
    parser.add_argument("results", help="results in the official form (.json, or a .zip with results.json)")
    parser.add_argument(
        "--long",
        metavar="FILE.json",
        help="ground truth of the long videos of YouTube-VIS 2022; the first one is then that of the short videos",
    )
    parser.add_argument("--iou-type", choices=("segm", "bbox"), default="segm", help="compare masks or boxes")
    parser.add_argument("--partial", action="store_true", help="leave out results of videos that the truth lacks")
    parser.add_argument("--classwise", action="store_true", help="also show each class")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> None:
    """Judge the results."""
    from mmvis_ext.annotations import read_annotation_file
    from mmvis_ext.evaluation import evaluate_ytvis, read_results
    from mmvis_ext.evaluation.entries import judgeable
    from mmvis_ext.evaluation.report import class_table, summary_table
    from mmvis_ext.evaluation.video_lengths import evaluate_short_and_long, joined

    paths = [args.ground_truth] + ([args.long] if args.long else [])
    truths = [read_annotation_file(path, as_boxes=args.iou_type == "bbox") for path in paths]
    truth = joined(*truths) if args.long else truths[0]
    results, left_out = judgeable(read_results(args.results), truth, args.partial)
    for field, number in left_out.items():
        note = f"{args.results}: results that do not count, as {truth.path} lacks their {field}: {number}."
        print(f"note: {note}", file=sys.stderr)
    settings: dict[str, Any] = dict(iou_type=args.iou_type, results_where=args.results)
    result: YTVISResult | ShortAndLong
    if args.long:
        result = evaluate_short_and_long(truths[0], truths[1], results, **settings)
        parts = dict(short_classes=result.short, long_classes=result.long)
    else:
        result = evaluate_ytvis(truth, results, **settings)
        parts = dict(classes=result)
    if args.json:
        classes = {name: part.class_summary() for name, part in parts.items()} if args.classwise else {}
        print(json.dumps(result.summary() | classes))
        return
    print(summary_table(result))
    if args.classwise:
        for name, part in parts.items():
            print(f"{name.replace('_', ' ')}\n{class_table(part)}")
