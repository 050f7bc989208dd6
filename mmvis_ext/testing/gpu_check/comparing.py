"""Comparing what a model computes in two ways."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

from mmvis_ext.engine.benchmarking import Stepper, generated_frames, network_replaced
from mmvis_ext.models import VideoModel

from .outcome import FailedError

__all__ = [
    "TOLERANCE",
    "Call",
    "CpuDraws",
    "cloned",
    "deviation",
    "no_synchronisation",
    "recorded_calls",
    "require_near",
    "set_tf32",
]

TOLERANCE = 1e-3
DRAWS = {torch.rand, torch.randn, torch.randint, torch.randperm, torch.rand_like, torch.randn_like}

Call = tuple[tuple[Any, ...], Any]
"""The arguments of one call of ``forward_window``, and what it returned."""


def deviation(expected: Any, found: Any, least: float = 1.0) -> float:
    """The largest difference between the tensors of two results, each relative to its tensor's largest magnitude.

    Magnitudes below ``least`` count as ``least``. Where shapes differ, or one value is finite and the other is not, the
    deviation is infinite.
    """
    worst = 0.0
    one, other = (
        [torch.as_tensor(leaf).detach().double().cpu() for leaf in tree_leaves(result) if leaf is not None]
        for result in (expected, found)
    )
    if [leaf.shape for leaf in one] != [leaf.shape for leaf in other]:
        return float("inf")
    for a, b in zip(one, other, strict=True):
        finite = a.isfinite()
        if not torch.equal(finite, b.isfinite()):
            return float("inf")
        if finite.any():
            worst = max(worst, float((a - b)[finite].abs().max() / a[finite].abs().max().clamp(min=least)))
    return worst


def require_near(expected: Any, found: Any, *, least: float = 1.0, **figures: Any) -> dict[str, Any]:
    """The :func:`deviation` of two results and its ``tolerance``, beside other figures.

    Raises:
        FailedError: the deviation is above the tolerance.
    """
    figures |= dict(deviation=deviation(expected, found, least), tolerance=TOLERANCE)
    if not figures["deviation"] <= TOLERANCE:
        raise FailedError("the results differ by more than the tolerance", **figures)
    return figures


def set_tf32(allowed: bool) -> None:
    """Whether a GPU may round the factors of float32 products to 10 bits."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = allowed


class CpuDraws(TorchFunctionMode):
    """Within the ``with`` block, random numbers are drawn on the CPU, so that every device gets the same ones."""

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = dict(kwargs or {})
        if func not in DRAWS:
            return func(*args, **kwargs)
        device = kwargs.pop("device", None)
        if func in (torch.rand_like, torch.randn_like):
            device = device or args[0].device
            args = (args[0].cpu(), *args[1:])
        return func(*args, **kwargs).to(device or "cpu")


@torch.no_grad()
def recorded_calls(model: VideoModel, size: tuple[int, int], device: str, steps: int = 2) -> list[Call]:
    """The calls of ``forward_window`` in the first steps of a stream of generated frames.

    Args:
        model: in test mode, on the device.
        size: (H, W) of the frames in pixels.
        device: of model and frames.
        steps: number of steps.
    """
    calls: list[Call] = []

    def watched(network: Callable) -> Callable:
        def forward_window(*args: Any) -> Any:
            result = network(*args)
            calls.append((cloned(args), cloned(result)))
            return result

        return forward_window

    stepper = Stepper(model, generated_frames(steps * model.window, size, device), size)
    with network_replaced(model, watched):
        stepper()
    return calls


def cloned(result: Any) -> Any:
    """A result whose tensors, of any shape, are copies."""
    return tree_map(lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else leaf, result)


@contextmanager
def no_synchronisation() -> Iterator[None]:
    """Within the ``with`` block, torch raises a RuntimeError where the CPU would wait for the GPU."""
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")
