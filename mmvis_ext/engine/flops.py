"""How large a model is and how much it computes, part by part."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["PARTS", "count_flops", "count_parameters"]

PARTS = dict(
    backbone=("backbone.forward", "detector.backbone.forward"),
    neck=("neck.forward", "detector.neck.forward"),
    mask=("head.segment", "head.mask_features", "segment"),
)
"""What the parts of a model compute in, by name; all the rest is the head. mmdet's trackers have a ``detector``."""


def count_flops(model: nn.Module, run: Callable[[], Any], parts: dict[str, tuple[str, ...]] = PARTS) -> dict[str, int]:
    """Floating-point operations of a call, a multiplication and an addition counting as two.

    Counted are matrix products, convolutions and attention, as is usual. RoIAlign, normalisation, activations,
    the temporal fusion's weighted sums and interpolation are not.

    Args:
        model: that ``run`` uses.
        run: what is counted.
        parts: name -> dotted names of the methods of ``model`` that compute it; one that the model lacks counts 0.

    Returns:
        Operations of each part, of the ``head`` (all that is in no part) and in ``total``.
    """
    spent = dict.fromkeys(parts, 0)
    with _countable_attention(), FlopCounterMode(display=False) as counter, ExitStack() as stack:
        for name, paths in parts.items():
            for path in paths:
                stack.enter_context(_observed(model, path, name, spent, counter))
        run()
    total = counter.get_total_flops()
    return dict(spent, head=total - sum(spent.values()), total=total)


def count_parameters(model: nn.Module) -> dict[str, int]:
    """Numbers in each part's weights, trainable or not: backbone, neck, mask (whatever is named so), head, total."""
    numbers = dict(backbone=0, neck=0, mask=0, head=0)
    for name, parameter in model.named_parameters():
        first = name.removeprefix("detector.").split(".")[0]
        part = first if first in ("backbone", "neck") else "mask" if "mask" in name else "head"
        numbers[part] += parameter.numel()
    return dict(numbers, total=sum(numbers.values()))


@contextmanager
def _observed(
    model: nn.Module, path: str, name: str, spent: dict[str, int], counter: FlopCounterMode
) -> Iterator[None]:
    """Book what is counted while a method runs; the method is put back at the end."""
    owner_path, _, method = path.rpartition(".")
    try:
        owner = model.get_submodule(owner_path)
        function = getattr(owner, method)
    except AttributeError:
        yield
        return

    def observed(*args: Any, **kwargs: Any) -> Any:
        before = counter.get_total_flops()
        result = function(*args, **kwargs)
        spent[name] += counter.get_total_flops() - before
        return result

    setattr(owner, method, observed)
    try:
        yield
    finally:
        delattr(owner, method)


@contextmanager
def _countable_attention() -> Iterator[None]:
    """Attention as plain products: its fused forms on a CPU are unknown to the counter."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
