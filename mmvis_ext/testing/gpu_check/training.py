"""Training iterations at the paper's size: time, memory and finite losses, in every precision."""

import math
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper

from mmvis_ext.engine.benchmarking import peak_memory, wait

from .cases import SYSTEMS, Options, System
from .comparing import set_tf32
from .outcome import Check, FailedError
from .samples import moving_boxes

__all__ = ["training"]

PRECISIONS = {"fp32": None, "TF32": None, "fp16": "float16", "bf16": "bfloat16"}
ITERATIONS = 10
TINY_LENGTH = 3  # frames of a tiny sample


def training(options: Options) -> Iterator[Check]:
    """For every system and precision, one iteration and then ten more."""
    for system in options.chosen(*SYSTEMS):
        for precision in PRECISIONS:
            yield f"{system.name}, {precision}", partial(_train, system, precision, options)


def _train(system: System, precision: str, options: Options) -> dict[str, Any]:
    if precision != "fp32":
        options.require_gpu(f"training in {precision}")
    set_tf32(precision == "TF32")
    cfg, model = options.config(system), options.model(system).train()
    batch, length = _batch_shape(cfg, options)
    pairs = [moving_boxes(length, options.size, model.num_classes, seed) for seed in range(batch)]
    data = dict(inputs=[frames for frames, _ in pairs], data_samples=[sample for _, sample in pairs])
    wrapper = dict(cfg.optim_wrapper)
    if PRECISIONS[precision] is not None:
        wrapper.update(type="AmpOptimWrapper", dtype=PRECISIONS[precision], loss_scale="dynamic")
    optimizer = build_optim_wrapper(model, wrapper)
    if options.on_gpu:
        torch.cuda.reset_peak_memory_stats(options.device)
    seconds, losses, peaks = [], [], []
    for _ in range(1 + ITERATIONS):
        start = time.perf_counter()
        logged = model.train_step(data, optimizer)
        wait(options.device)
        seconds.append(time.perf_counter() - start)
        losses.append(float(logged["loss"].detach()))
        peaks.append(peak_memory(options.device))
    figures = dict(
        batch=batch,
        frames=length,
        size=options.size,
        first_iteration_seconds=seconds[0],
        seconds_per_iteration=sum(seconds[1:]) / ITERATIONS,
        peak_memory_mib=dict(after_1=peaks[0], after_11=peaks[-1]),
        losses=losses,
    )
    if not all(map(math.isfinite, losses)):
        raise FailedError("a loss is not finite", **figures)
    return figures


def _batch_shape(cfg: Config, options: Options) -> tuple[int, int]:
    """Samples per process and frames per sample, as the config trains."""
    loader = cfg.train_dataloader
    dataset = loader.dataset
    while "datasets" in dataset:  # the videos of a mix
        dataset = next(iter(dataset.datasets.values()))
    clips = dataset.get("clips") or loader.dataset.clips
    length = clips.clip_len * clips.get("num_clips", 1)
    return loader.batch_size, length if options.on_gpu else min(length, TINY_LENGTH)
