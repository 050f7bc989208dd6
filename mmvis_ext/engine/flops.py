"""Parameters and floating-point operations of a model, by its parts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from mmvis_ext.models.cpu_linear import linear_by_onednn

__all__ = ["count_flops", "count_parameters"]

Parts = Mapping[str, Sequence[str]]


def count_flops(model: nn.Module, run: Callable[[], Any], parts: Parts) -> dict[str, int]:
    """Count the floating-point operations of a call; a multiplication and an addition count as two.

    As is usual, matrix products, convolutions and attention are counted. RoIAlign, normalisation, activations,
    interpolation and the weighted sums of the temporal fusion are not.

    Args:
        model: the model that ``run`` uses.
        run: the function whose operations are counted.
        parts: name of a part -> dotted names of the methods of ``model`` that compute it, see :class:`VideoModel`. A
            method that the model does not have counts as 0.

    Returns:
        Operations of each part, of the ``head`` (everything outside the parts) and in ``total``.
    """
    spent = dict.fromkeys(parts, 0)
    by_onednn = {linear_by_onednn: _linear_flops} if linear_by_onednn else None
    counting = FlopCounterMode(display=False, custom_mapping=by_onednn)
    with _countable_attention(), counting as counter, ExitStack() as stack:
        for name, paths in parts.items():
            for path in paths:
                stack.enter_context(_observed(model, path, name, spent, counter))
        run()
    total = counter.get_total_flops()
    return dict(spent, head=total - sum(spent.values()), total=total)


def count_parameters(model: nn.Module, parts: Parts) -> dict[str, int]:
    """Count a model's parameters, trainable or not: backbone, neck, mask, head and total.

    ``mask`` are the parameters with "mask" in their names, ``head`` all that belong to no other part.

    Args:
        model: the model whose parameters are counted.
        parts: as for :func:`count_flops`. The methods listed there for ``backbone`` and ``neck`` tell which modules
            these are: ``detector.neck.forward`` stands for the module ``detector.neck``.
    """
    owners = {part: [path.rpartition(".")[0] + "." for path in parts[part]] for part in ("backbone", "neck")}
    numbers = dict(backbone=0, neck=0, mask=0, head=0)
    for name, parameter in model.named_parameters():
        part = next((part for part, names in owners.items() if name.startswith(tuple(names))), None)
        numbers[part or ("mask" if "mask" in name else "head")] += parameter.numel()
    return dict(numbers, total=sum(numbers.values()))


def _linear_flops(x_shape: torch.Size, weight_shape: torch.Size, *args: Any, **kwargs: Any) -> int:
    """Operations of a linear layer with a weight (out, in), given the shapes as torch's counter gives them."""
    return 2 * x_shape.numel() * weight_shape[0]


@contextmanager
def _observed(
    model: nn.Module, path: str, name: str, spent: dict[str, int], counter: FlopCounterMode
) -> Iterator[None]:
    """Within the ``with`` block, add the operations of a method to ``spent[name]`` whenever it is called."""
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
    """Let attention run as plain matrix products, since the counter does not know its fused kernels on a CPU."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
