"""Evaluate results of the Cell Tracking Challenge: DET, SEG and TRA of a sequence in 0..1."""

import argparse
import json
from pathlib import Path

from mmvis_ext.utils.files import write_atomically

from .arguments import add_json

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis eval ctc results/01_RES data/ctc/Fluo-N2DH-GOWT1/01_GT"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("results", help="folder of the results, such as 01_RES")
    parser.add_argument("ground_truth", help="folder of the truth, such as 01_GT; silver masks lie beside it in 01_ST")
    parser.add_argument(
        "--frames", nargs=2, type=int, metavar=("FIRST", "STOP"),
        help="the results are of these frames of the truth alone, without STOP, and numbered from 0 (default: all)",
    )  # fmt: skip
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Judge the results."""
    from mmvis_ext.evaluation.cell_tracking_folders import evaluate_cell_folder
    from mmvis_ext.evaluation.report import cell_table

    figures = evaluate_cell_folder(args.results, args.ground_truth, args.frames and tuple(args.frames))
    if args.json not in (None, "-"):
        write_atomically(args.json, f"{json.dumps(figures)}\n".encode())
    print(json.dumps(figures) if args.json == "-" else cell_table({Path(args.results).resolve().name: figures}))
