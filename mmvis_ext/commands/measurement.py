"""What is measured of a model: its speed, and the memory of its streams.

The settings are those of the command ``mmvis benchmark``.
"""

import argparse
import json
import platform
import subprocess
import sys
from typing import Any

import torch

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
from mmvis_ext.engine.rivals import is_rival
from mmvis_ext.models.for_test import autocast_dtype, prepare_for_test
from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.utils.errors import InputError

__all__ = ["compare_streams", "speed", "stream"]


def _load(args: argparse.Namespace) -> VideoModel:
    """The model that is measured."""
    model = build_model(read_config(args.config, args.cfg_options), args.checkpoint, args.device)
    if args.frames is not None:
        if model.window == 1 and args.frames > 1:
            raise InputError(f"--frames {args.frames}: {type(model).__name__} goes frame by frame; leave it out.")
        model.window = args.frames
    if args.held is not None and not can_hold(model):
        raise InputError(f"--held {args.held}: {type(model).__name__} cannot be made to show objects; leave it out.")
    return model


def _conditions(args: argparse.Namespace, model: VideoModel) -> dict[str, Any]:
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
    """Frames per second of a step and of backbone and neck, peak memory, parameters and operations."""
    model, size = _load(args), frame_size(args.size)
    frames = cycle_frames(model, size, args.device)
    rival = args.against
    if rival and not is_rival(rival):
        rival = build_model(read_config(rival), device=args.device)
    parameters = count_parameters(model, model.parts)
    flops = count_flops(model, Stepper(model, frames, size, ALL_SLOTS if can_hold(model) else None), model.parts)
    for own in (model, rival):
        if isinstance(own, VideoModel):
            prepare_for_test(own, autocast_dtype(own, args.amp))
    if args.compile:
        compile_step(model)
    if torch.device(args.device).type == "cuda":
        torch.cuda.reset_peak_memory_stats(args.device)
    with torch.autocast(torch.device(args.device).type, enabled=args.amp):
        figures = compare_speed(model, frames, size, args.repeat, args.warmup, args.compile, rival, args.held or 10)
    return dict(
        _conditions(args, model),
        **figures,
        peak_memory_mib=peak_memory(args.device),
        parameters=parameters,
        flops_per_frame={part: value / len(frames) for part, value in flops.items()},
    )


def stream(args: argparse.Namespace) -> dict[str, Any]:
    """The peak memory of one stream of ``--stream`` frames."""
    model = _load(args)
    prepare_for_test(model, autocast_dtype(model, args.amp))
    if args.compile:
        compile_step(model)
    with torch.autocast(torch.device(args.device).type, enabled=args.amp):
        figures = stream_memory(model, args.stream, frame_size(args.size), args.device, args.held)
    return dict(_conditions(args, model), window=model.window, **figures)


def compare_streams(args: argparse.Namespace) -> dict[str, Any]:
    """Compare the memory of a stream of one window with that of ``--long`` frames."""
    window = _load(args).window
    short, long = (_in_own_process(args.again, length) for length in (window, args.long))
    ratio = long["peak_memory_mib"] / short["peak_memory_mib"]
    return dict(short=short, long=long, memory_ratio=ratio)


def _in_own_process(again: list[str], length: int) -> dict[str, Any]:
    """Run this command again in a new process with ``--stream``, which overrides ``--long``."""
    command = [sys.executable, "-m", "mmvis_ext", *again, "--stream", str(length), "--json", "-"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise InputError(
            f"The stream of {length} frames failed (exit code {done.returncode}); its message stands above."
        )
    return json.loads(done.stdout)
