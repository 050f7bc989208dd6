"""Evaluate a results file of video instance segmentation with YouTube-VIS's AP and AR, in 0..100."""

import argparse
import json
import sys

from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.evaluation.entries import judgeable
from mmvis_ext.evaluation.report import class_table, summary_table
from mmvis_ext.evaluation.submission import read_results
from mmvis_ext.evaluation.ytvis_ap import evaluate_ytvis
from mmvis_ext.utils.errors import command_line


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ground_truth", help="annotation file in the YouTube-VIS or the CocoVID form (.json)")
    parser.add_argument("results", help="results in the official form (.json, or a .zip with results.json)")
    parser.add_argument("--iou-type", choices=("segm", "bbox"), default="segm", help="compare masks or boxes")
    parser.add_argument("--partial", action="store_true", help="leave out results of videos that the truth lacks")
    parser.add_argument("--classwise", action="store_true", help="also show each class")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


@command_line
def main() -> None:
    args = parse_args()
    truth = read_annotation_file(args.ground_truth, as_boxes=args.iou_type == "bbox")
    results, left_out = judgeable(read_results(args.results), truth, args.partial)
    for field, number in left_out.items():
        note = f"{args.results}: results that do not count, as {args.ground_truth} lacks their {field}: {number}."
        print(f"note: {note}", file=sys.stderr)
    result = evaluate_ytvis(truth, results, iou_type=args.iou_type, results_where=args.results)
    if args.json:
        classes = dict(classes=result.class_summary()) if args.classwise else {}
        print(json.dumps(result.summary() | classes))
        return
    print(summary_table(result))
    if args.classwise:
        print(class_table(result))


if __name__ == "__main__":
    main()
