"""Measure a model on generated frames: speed, peak memory, parameters and operations.

Speed is that of a whole step, masks included, compared with backbone and neck only.

With --long N, compare instead the peak memory of two streams, one of a single window and one of N frames, each in its
own process. An untrained model finds no objects, which keeps its memory low; --held 10 makes ten objects visible in
every frame.

With --end-to-end VIDEO, measure the way from a video file to written results: decoding, resizing, the model, drawing
and writing (--save), each alone and all together, as mmvis infer does them.

With --check FILE, measure what the file lists, and compare the ratios with those that it states: the exit code is 1 if
one fell by more than 10 %. --update writes the measured ones.
"""

import argparse
import json
import re
from pathlib import Path
from typing import Any

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_writable_file, write_atomically

from .arguments import add_cfg_options

__all__ = ["EXAMPLE", "add_arguments", "run"]

SIZE, SAVE = "640x360", "overlay,json"  # where nothing else is asked for
EXAMPLE = "mmvis benchmark configs/srnet/srnet_lite0_davis2016.py --size 320x180"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("config", nargs="?", help="config file (not with --check)")
    parser.add_argument("--checkpoint", help="weights (default: random ones)")
    parser.add_argument("--device", help="cpu, cuda, cuda:1 ... (default: a GPU if there is one)")
    parser.add_argument(
        "--half", "--amp", dest="amp", action="store_true", help="half precision, as test and infer compute with --half"
    )
    parser.add_argument(
        "--compile",
        action="store_true",
        help="run the tensor part of the step by torch.compile, on a GPU as a CUDA graph",
    )
    parser.add_argument("--frames", type=int, help="frames per step, for models of clips (default: the model's window)")
    parser.add_argument(
        "--against",
        metavar="CONFIG",
        help="time another model in the same run and give the speedup: of a config, or of another library that is "
        "installed, as ultralytics:yolo11m-seg or transformers:videomt-small",
    )
    parser.add_argument("--size", default=SIZE, metavar="WxH", help="size of the frames (default: 640x360)")
    parser.add_argument("--repeat", type=int, default=5, help="measured turns, of which the median counts (default: 5)")
    parser.add_argument("--warmup", type=int, default=1, help="turns before that, which are not measured (default: 1)")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON; - prints JSON and no table")
    parser.add_argument("--long", type=int, metavar="N", help="compare the memory of a short and of an N-frame stream")
    parser.add_argument("--stream", type=int, metavar="N", help="run one N-frame stream and give its peak memory")
    parser.add_argument("--end-to-end", metavar="VIDEO", help="measure the way from this file to written results")
    parser.add_argument("--save", default=SAVE, metavar="KINDS", help="what is written then, as in mmvis infer")
    parser.add_argument(
        "--held",
        type=int,
        metavar="N",
        help="make N objects visible in every frame (default: 10; in streams, as many as the model finds)",
    )
    parser.add_argument("--check", metavar="FILE", help="compare ratios with those of a file, see docs/benchmark.json")
    parser.add_argument("--update", action="store_true", help="write the measured ratios to the file of --check")
    add_cfg_options(parser)


def run(args: argparse.Namespace) -> int | None:
    """Measure; the exit code of ``--check``."""
    if args.check:
        return _check_file(args)
    _measure(args)
    return None


def _measure(args: argparse.Namespace) -> None:
    from .end_to_end import end_to_end
    from .measurement import compare_streams, speed, stream

    _check(args)
    measure = end_to_end if args.end_to_end else stream if args.stream else compare_streams if args.long else speed
    figures = measure(args)
    text = json.dumps(figures, indent=2)
    if args.json == "-":
        print(text)
        return
    if args.json:
        write_atomically(Path(args.json), text.encode())
    print(_table(figures))


def _check_file(args: argparse.Namespace) -> int:
    """Compare with the ratios of a file."""
    from mmvis_ext.engine.benchmarking import frame_size

    from . import measurement
    from .benchmark_ratios import check_ratios, read_entries

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    for name in vars(parser.parse_args([])):
        if name not in ("check", "update", "device") and getattr(args, name) != parser.get_default(name):
            said = args.config if name == "config" else f"--{name.replace('_', '-')}"
            raise InputError(f"{said}: has no meaning with --check, whose file has the settings; leave it out.")

    entries = read_entries(args.check, incomplete=args.update)
    runs = [argparse.Namespace(**{**vars(args), **entry.settings, "device": args.device or "cpu"}) for entry in entries]
    for i, own in enumerate(runs, start=1):  # all of them before the first is measured
        try:
            _check(own)
            frame_size(own.size)
        except InputError as error:
            raise InputError(f"{args.check}: entry {i}: {error}") from None
    return check_ratios(args.check, entries, (measurement.speed(own) for own in runs), args.update)


def _check(args: argparse.Namespace) -> None:
    """Check the arguments, and choose the device where none is given."""
    import torch

    if args.config is None:
        raise InputError("benchmark measures the model of a config; give one, or a file of ratios with --check.")
    if args.update and not args.check:
        raise InputError("--update: writes the file of --check; give that too, or leave it out.")
    for name, default in (("against", None), ("frames", None), ("long", None), ("stream", None), ("size", SIZE)):
        if args.end_to_end and getattr(args, name) != default:
            raise InputError(f"--{name}: has no meaning with --end-to-end, which runs a video as it is; leave it out.")
    if args.save != SAVE and not args.end_to_end:
        raise InputError(f"--save {args.save}: is what --end-to-end writes; leave it out, or give that too.")
    args.device = args.device or ("cuda" if torch.cuda.is_available() else "cpu")
    for name, least in (("frames", 1), ("repeat", 1), ("warmup", 0), ("long", 1), ("stream", 1), ("held", 1)):
        value = getattr(args, name)
        if value is not None and value < least:
            raise InputError(f"--{name} {value} is too small; give {least} or more.")
    if not re.fullmatch(r"cpu|cuda(:\d+)?", args.device):
        raise InputError(f"--device {args.device} is not known; give cpu, cuda or cuda:NUMBER.")
    if args.device != "cpu" and not torch.cuda.is_available():
        raise InputError(f"--device {args.device}: this machine has no CUDA device; take --device cpu.")
    if args.json not in (None, "-"):
        require_writable_file(args.json)


def _table(figures: dict[str, Any]) -> str:
    """A table with a row per figure; figures of a group are named ``group.figure``."""
    from terminaltables import AsciiTable

    rows = []
    for name, value in figures.items():
        members = {f"{name}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {name: value}
        rows += [[k, _text(v)] for k, v in members.items()]
    return AsciiTable([["figure", "value"], *rows]).table


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(_text(v) for v in value)
    if isinstance(value, float):
        return f"{value:.4g}" if value < 1e4 else f"{value:,.0f}"
    return str(value)
