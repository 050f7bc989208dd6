"""Measure a model on generated frames: speed, peak memory, parameters and operations.

Speed is that of a whole step, masks included, compared with backbone and neck only.

With --long N, compare instead the peak memory of two streams, one of a single window and one of N frames, each in its
own process. An untrained model finds no objects, which keeps its memory low; --held 10 makes ten objects visible in
every frame.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from terminaltables import AsciiTable

from mmvis_ext.engine.benchmarking import (
    ALL_SLOTS,
    Stepper,
    can_hold,
    compare_speed,
    compile_step,
    cycle_frames,
    frame_size,
    peak_memory,
    stream_memory,
)
from mmvis_ext.engine.building import build_model, read_config
from mmvis_ext.engine.flops import count_flops, count_parameters
from mmvis_ext.engine.launch import add_cfg_options
from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.utils.errors import InputError, command_line
from mmvis_ext.utils.files import require_writable_file, write_atomically


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="config file")
    parser.add_argument("--checkpoint", help="weights (default: random ones)")
    parser.add_argument(
        "--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cpu, cuda, cuda:1 ..."
    )
    parser.add_argument("--amp", action="store_true", help="automatic mixed precision, as the test loop runs it")
    parser.add_argument("--compile", action="store_true", help="run the tensor part of the step with torch.compile")
    parser.add_argument("--frames", type=int, help="frames per step, for models of clips (default: the model's window)")
    parser.add_argument("--against", metavar="CONFIG", help="time another model in the same run and give the speedup")
    parser.add_argument("--size", default="640x360", metavar="WxH", help="size of the frames (default: 640x360)")
    parser.add_argument("--repeat", type=int, default=5, help="measured turns, of which the median counts (default: 5)")
    parser.add_argument("--warmup", type=int, default=1, help="turns before that, which are not measured (default: 1)")
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON; - prints JSON and no table")
    parser.add_argument("--long", type=int, metavar="N", help="compare the memory of a short and of an N-frame stream")
    parser.add_argument("--stream", type=int, metavar="N", help="run one N-frame stream and give its peak memory")
    parser.add_argument(
        "--held",
        type=int,
        metavar="N",
        help="make N objects visible in every frame (default: 10; in streams, as many as the model finds)",
    )
    add_cfg_options(parser)
    return parser.parse_args()


def check(args: argparse.Namespace) -> None:
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


def load(args: argparse.Namespace) -> VideoModel:
    model = build_model(read_config(args.config, args.cfg_options), args.checkpoint, args.device)
    if args.frames is not None:
        if model.window == 1 and args.frames > 1:
            raise InputError(f"--frames {args.frames}: {type(model).__name__} goes frame by frame; leave it out.")
        model.window = args.frames
    if args.held is not None and not can_hold(model):
        raise InputError(f"--held {args.held}: {type(model).__name__} cannot be made to show objects; leave it out.")
    return model


def conditions(args: argparse.Namespace, model: VideoModel) -> dict[str, Any]:
    """The settings and the environment of a measurement."""
    on_gpu = torch.device(args.device).type == "cuda"
    return dict(
        config=args.config,
        checkpoint=args.checkpoint,
        against=args.against,
        device=torch.cuda.get_device_name(args.device) if on_gpu else f"cpu ({platform.machine()})",
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        frames=model.window,
        size=args.size,
        amp=args.amp,
        compile=args.compile,
    )


def speed(args: argparse.Namespace) -> dict[str, Any]:
    model, size = load(args), frame_size(args.size)
    frames = cycle_frames(model, size, args.device)
    rival = build_model(read_config(args.against), device=args.device) if args.against else None
    flops = count_flops(model, Stepper(model, frames, size, ALL_SLOTS if can_hold(model) else None), model.parts)
    if args.compile:
        compile_step(model)
    if torch.device(args.device).type == "cuda":
        torch.cuda.reset_peak_memory_stats(args.device)
    with torch.autocast(torch.device(args.device).type, enabled=args.amp):
        figures = compare_speed(model, frames, size, args.repeat, args.warmup, args.compile, rival, args.held or 10)
    return dict(
        conditions(args, model),
        **figures,
        peak_memory_mib=peak_memory(args.device),
        parameters=count_parameters(model, model.parts),
        flops_per_frame={part: value / len(frames) for part, value in flops.items()},
    )


def stream(args: argparse.Namespace) -> dict[str, Any]:
    model = load(args)
    if args.compile:
        compile_step(model)
    with torch.autocast(torch.device(args.device).type, enabled=args.amp):
        figures = stream_memory(model, args.stream, frame_size(args.size), args.device, args.held)
    return dict(conditions(args, model), window=model.window, **figures)


def compare_streams(args: argparse.Namespace) -> dict[str, Any]:
    """Compare the memory of a stream of one window with that of ``--long`` frames."""
    window = load(args).window
    short, long = (in_own_process(length) for length in (window, args.long))
    ratio = long["peak_memory_mib"] / short["peak_memory_mib"]
    return dict(short=short, long=long, memory_ratio=ratio)


def in_own_process(length: int) -> dict[str, Any]:
    """Run this command again in a new process with ``--stream``, which overrides ``--long``."""
    command = [sys.executable, __file__, *sys.argv[1:], "--stream", str(length), "--json", "-"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    if done.returncode:
        raise InputError(
            f"The stream of {length} frames failed (exit code {done.returncode}); its message stands above."
        )
    return json.loads(done.stdout)


def table(figures: dict[str, Any]) -> str:
    """A table with a row per figure; figures of a group are named ``group.figure``."""
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


@command_line
def main() -> None:
    args = parse_args()
    check(args)
    figures = (stream if args.stream else compare_streams if args.long else speed)(args)
    text = json.dumps(figures, indent=2)
    if args.json == "-":
        print(text)
        return
    if args.json:
        write_atomically(Path(args.json), text.encode())
    print(table(figures))


if __name__ == "__main__":
    main()
