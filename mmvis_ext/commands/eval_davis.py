"""Evaluate result masks on DAVIS: J&F and its parts in 0..100, of all objects (2019) or of one foreground (2016)."""

import argparse
import json
import sys

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import write_atomically

from .arguments import add_json

__all__ = ["EXAMPLE", "add_arguments", "run"]

EXAMPLE = "mmvis eval davis data/DAVIS results --list data/DAVIS/ImageSets/2017/val.txt --json davis.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("ground_truth", help="folder of DAVIS, or any folder with a folder of PNGs per sequence")
    parser.add_argument("results", help="folder with a folder of PNGs per sequence")
    parser.add_argument(
        "--year",
        type=int,
        choices=(2016, 2019),
        default=2019,
        help="2019: each object gets a proposal, as in the unsupervised track (default). 2016: all that is not 0 is "
        "foreground; the first and the last frame are left out",
    )
    parser.add_argument(
        "--list", metavar="FILE", help="list of the sequences (default: DAVIS' val.txt if there is one, else all)"
    )
    add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Judge the results."""
    from mmvis_ext.evaluation.davis_folders import evaluate_folders, judged_list
    from mmvis_ext.evaluation.davis_jf import summarize
    from mmvis_ext.evaluation.davis_protocols import FOREGROUND, OBJECTS
    from mmvis_ext.evaluation.report import davis_notes, davis_table

    protocol = FOREGROUND if args.year == 2016 else OBJECTS
    judged = args.list or judged_list(args.ground_truth, protocol)
    sequences = evaluate_folders(args.ground_truth, args.results, judged, protocol)
    figures = summarize(sequences)
    if figures["J&F"] < 0:
        raise InputError(f"{args.ground_truth}: no sequence shows an object in its first frame; give one that does.")
    content = json.dumps(figures | dict(sequences={s.name: s.report() for s in sequences}))
    if args.json not in (None, "-"):
        write_atomically(args.json, f"{content}\n".encode())
    if args.json == "-":
        for note in davis_notes(sequences):
            print(note, file=sys.stderr)
        print(content)
    else:
        print(davis_table(sequences))
