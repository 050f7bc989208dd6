"""Evaluate a results file of video instance segmentation with YouTube-VIS's AP and AR, in 0..100."""

import argparse
import json
import sys

from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.evaluation.entries import judgeable
from mmvis_ext.evaluation.report import class_table, summary_table
from mmvis_ext.evaluation.submission import read_results
from mmvis_ext.evaluation.video_lengths import ShortAndLong, evaluate_short_and_long, joined
from mmvis_ext.evaluation.ytvis_ap import YTVISResult, evaluate_ytvis
from mmvis_ext.utils.errors import command_line


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
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
    return parser.parse_args()


@command_line
def main() -> None:
    args = parse_args()
    paths = [args.ground_truth] + ([args.long] if args.long else [])
    truths = [read_annotation_file(path, as_boxes=args.iou_type == "bbox") for path in paths]
    truth = joined(*truths) if args.long else truths[0]
    results, left_out = judgeable(read_results(args.results), truth, args.partial)
    for field, number in left_out.items():
        note = f"{args.results}: results that do not count, as {truth.path} lacks their {field}: {number}."
        print(f"note: {note}", file=sys.stderr)
    settings = dict(iou_type=args.iou_type, results_where=args.results)
    result: YTVISResult | ShortAndLong
    if args.long:
        result = evaluate_short_and_long(*truths, results, **settings)
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


if __name__ == "__main__":
    main()
