"""How large a model is and how much it computes, part by part."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

__all__ = ["count_flops", "count_parameters"]

Parts = Mapping[str, Sequence[str]]


def count_flops(model: nn.Module, run: Callable[[], Any], parts: Parts) -> dict[str, int]:
    """Floating-point operations of a call, a multiplication and an addition counting as two.

    Counted are matrix products, convolutions and attention, as is usual. RoIAlign, normalisation, activations,
    the temporal fusion's weighted sums and interpolation are not.

    Args:
        model: that ``run`` uses.
        run: what is counted.
        parts: name -> dotted names of the methods of ``model`` that compute it, see :class:`VideoModel`; one that the
            model lacks counts 0.

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


def count_parameters(model: nn.Module, parts: Parts) -> dict[str, int]:
    """Numbers in each part's weights, trainable or not: backbone, neck, mask (what is named so), head, total.

    Args:
        model: whose weights are counted.
        parts: of :func:`count_flops`; ``backbone`` and ``neck`` are the modules that these methods belong to.
    """
    owners = {part: [path.rpartition(".")[0] + "." for path in parts[part]] for part in ("backbone", "neck")}
    numbers = dict(backbone=0, neck=0, mask=0, head=0)
    for name, parameter in model.named_parameters():
        part = next((part for part, names in owners.items() if name.startswith(tuple(names))), None)
        numbers[part or ("mask" if "mask" in name else "head")] += parameter.numel()
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
