"""Two processes that share a batch against one process that has all of it."""

import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.parallel import DistributedDataParallel

from mmvis_ext.models import VideoModel
from mmvis_ext.utils.parallel import keep_to_the_end

from .cases import SYSTEMS, Options, System
from .comparing import require_near, set_tf32
from .outcome import Check, FailedError
from .samples import moving_boxes

__all__ = ["processes"]

SIZE = (64, 96)
LENGTH = 2  # frames of a sample
NUMBER = 2  # of processes
SECONDS = 60.0  # that they may take
LEAST = 1e-3  # gradients of a smaller magnitude are compared as if they had this one


def processes(options: Options) -> Iterator[Check]:
    """For tiny models of the systems, the gradients of two processes against those of one."""
    for system in options.chosen(*SYSTEMS):
        yield system.name, partial(_gradients_agree, system, options)


def _gradients_agree(system: System, options: Options) -> dict[str, Any]:
    set_tf32(False)
    own_cards = options.on_gpu and torch.cuda.device_count() >= NUMBER
    devices = [f"cuda:{rank}" for rank in range(NUMBER)] if own_cards else [options.device] * NUMBER
    backend = "nccl" if own_cards else "gloo"
    with tempfile.TemporaryDirectory() as folder:
        _run_together(system, options.roi, devices, backend, folder)
        shared = torch.load(Path(folder) / "gradients.pth", weights_only=True)
    model = _ready(options.model(system, tiny=True))
    _total_loss(model, list(range(NUMBER))).backward()
    return require_near(_gradients(model), shared, least=LEAST, backend=backend, gradients=len(shared))


def _run_together(*args: Any) -> None:
    """Run :func:`_one_process` in as many processes as are to share the batch.

    Raises:
        FailedError: they take too long.
        Exception: one of them failed.
    """
    together = mp.spawn(_one_process, args=args, nprocs=NUMBER, join=False)
    end = time.monotonic() + SECONDS
    try:
        while not together.join(timeout=max(0.0, end - time.monotonic())):
            if time.monotonic() >= end:
                raise FailedError(f"the processes did not end within {SECONDS:g} s")
    finally:
        for process in together.processes:
            process.kill()


def _one_process(rank: int, system: System, roi: str, devices: list[str], backend: str, folder: str) -> None:
    torch.set_num_threads(1)
    set_tf32(False)
    if backend == "nccl":
        torch.cuda.set_device(rank)
    dist.init_process_group(backend, init_method=f"file://{folder}/store", rank=rank, world_size=NUMBER)
    model = _ready(Options(devices[rank], roi).model(system, tiny=True))
    shared = DistributedDataParallel(model)
    _total_loss(shared, [rank]).backward()
    if rank == 0:
        torch.save(_gradients(model), Path(folder) / "gradients.pth")
    dist.barrier()  # nobody leaves while another still receives
    dist.destroy_process_group()
    keep_to_the_end(shared)


def _ready(model: VideoModel) -> VideoModel:
    """In training mode, but for batch statistics, which are a matter of ``sync_bn`` and not of gradients."""
    model.train()
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
    return model


def _total_loss(model: VideoModel | DistributedDataParallel, seeds: list[int]) -> Tensor:
    """The loss of a batch with the samples of these seeds, which differ in their number of objects."""
    inner = model.module if isinstance(model, DistributedDataParallel) else model
    pairs = [moving_boxes(LENGTH, SIZE, inner.num_classes, seed, objects=2 + seed) for seed in seeds]
    batch = dict(inputs=[frames for frames, _ in pairs], data_samples=[sample for _, sample in pairs])
    return inner.parse_losses(model(**inner.data_preprocessor(batch, True), mode="loss"))[0]


def _gradients(model: VideoModel) -> dict[str, Tensor]:
    return {name: p.grad.cpu() for name, p in sorted(model.named_parameters()) if p.grad is not None}
