"""Frames per second of every model in a stream, one window at a time."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from mmvis_ext.engine.benchmarking import compare_speed, cycle_frames

from .cases import EVERY, Options, System
from .comparing import set_tf32
from .outcome import Check

__all__ = ["streaming"]


def streaming(options: Options) -> Iterator[Check]:
    """For every model, whole steps against backbone and neck alone."""
    for system in options.chosen(*EVERY):
        yield system.name, partial(_stream, system, options)


def _stream(system: System, options: Options) -> dict[str, Any]:
    set_tf32(False)
    model = options.model(system)
    frames = cycle_frames(model, options.size, options.device)
    repeat, warmup = (5, 2) if options.on_gpu else (1, 0)
    figures = compare_speed(model, frames, options.size, repeat, warmup)
    del figures["seconds"]
    return dict(batch=1, frames=len(frames), size=options.size, **figures)
