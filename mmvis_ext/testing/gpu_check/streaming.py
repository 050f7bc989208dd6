"""Frames per second of every model in a stream, one window at a time, in every precision."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from mmvis_ext.engine.benchmarking import compare_speed, compile_step, cycle_frames
from mmvis_ext.models.for_test import prepare_for_test

from .cases import EVERY, Options, System
from .comparing import set_tf32
from .outcome import Check

__all__ = ["streaming"]

PRECISIONS = ("fp32", "TF32", "bf16")


def streaming(options: Options) -> Iterator[Check]:
    """For every model and precision, whole steps against backbone and neck alone; also as CUDA graphs."""
    for system in options.chosen(*EVERY):
        for precision in PRECISIONS:
            yield f"{system.name}, {precision}", partial(_stream, system, precision, False, options)
            if system.static:
                yield f"{system.name}, {precision}, CUDA graph", partial(_stream, system, precision, True, options)


def _stream(system: System, precision: str, graphs: bool, options: Options) -> dict[str, Any]:
    if precision != "fp32":
        options.require_gpu(f"streaming in {precision}")
    if graphs:
        options.require_gpu("a CUDA graph")
    set_tf32(precision != "fp32")
    model = options.model(system)
    prepare_for_test(model, torch.bfloat16 if precision == "bf16" else None)
    if graphs:
        compile_step(model)
    frames = cycle_frames(model, options.size, options.device)
    repeat, warmup = (max(3, 15 // len(frames)), 2) if options.on_gpu else (1, 0)
    with torch.autocast(torch.device(options.device).type, torch.bfloat16, enabled=precision == "bf16"):
        figures = compare_speed(model, frames, options.size, repeat, warmup, compile=graphs)
    del figures["seconds"]
    return dict(batch=1, frames=len(frames), size=options.size, **figures)
