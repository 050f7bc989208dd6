"""``forward_window`` of every system compiled, as a CUDA graph, and without waiting for the GPU."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any

import torch

from mmvis_ext.engine.benchmarking import time_in_turns, wait

from .cases import EVERY, SYSTEMS, VARIANTS, Options, System
from .comparing import cloned, no_synchronisation, recorded_calls, require_near, set_tf32
from .outcome import Check

__all__ = ["compiling", "synchronisation"]

REPEAT, WARMUP = 5, 3


def synchronisation(options: Options) -> Iterator[Check]:
    """For every system, that nothing inside ``forward_window`` makes the CPU wait for the GPU."""
    for system in options.chosen(*SYSTEMS, *VARIANTS):
        yield system.name, partial(_never_waits, system, options)


def compiling(options: Options) -> Iterator[Check]:
    """For every system of static shapes, a CUDA graph and a compiled ``forward_window``, against the eager one."""
    systems = [system for system in options.chosen(*EVERY) if system.static]
    for system in systems:
        yield f"{system.name}, CUDA graph", partial(_as_cuda_graph, system, options)
    for system in systems:
        yield f"{system.name}, torch.compile", partial(_compiled, system, options)


def _never_waits(system: System, options: Options) -> dict[str, Any]:
    options.require_gpu("waiting for the GPU")
    model = options.model(system)
    calls = recorded_calls(model, options.size, options.device)
    with torch.no_grad():
        for args, _ in calls:
            with no_synchronisation():
                model.forward_window(*args)
    return dict(calls=len(calls))


@torch.no_grad()
def _as_cuda_graph(system: System, options: Options) -> dict[str, Any]:
    """Captured with the arguments of one frame or clip, and replayed with other frames."""
    options.require_gpu("a CUDA graph")
    set_tf32(False)
    model = options.model(system)
    args, _ = recorded_calls(model, options.size, options.device)[-1]
    network = model.forward_window
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARMUP):
            network(*args)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        result = network(*args)
    args[0].copy_(args[0].flip(-1))
    graph.replay()
    found = cloned(result)
    speeds = _speeds(dict(eager=lambda: network(*args), graph=graph.replay), options)
    return require_near(network(*args), found, **speeds)


@torch.no_grad()
def _compiled(system: System, options: Options) -> dict[str, Any]:
    """On a CPU the graph is traced and run as it is, which takes seconds and not minutes."""
    set_tf32(False)
    model = options.model(system)
    args, expected = recorded_calls(model, options.size, options.device)[-1]
    backend = "inductor" if options.on_gpu else "aot_eager"
    network, compiled = model.forward_window, torch.compile(model.forward_window, dynamic=False, backend=backend)
    start = time.perf_counter()
    found = compiled(*args)
    wait(options.device)
    first = time.perf_counter() - start
    speeds = _speeds(dict(eager=lambda: network(*args), compiled=lambda: compiled(*args)), options)
    return require_near(expected, found, backend=backend, first_call_seconds=first, **speeds)


def _speeds(calls: dict[str, Callable[[], Any]], options: Options) -> dict[str, Any]:
    """Median seconds of each call, and how many times as fast the other one is as the eager one."""
    repeat, warmup = (REPEAT, WARMUP) if options.on_gpu else (1, 0)
    seconds = {name: median(each) for name, each in time_in_turns(calls, repeat, warmup, options.device).items()}
    eager, other = seconds.values()
    return dict(seconds_per_call=seconds, speedup=eager / other)
