"""Modules that compute the same at test as in training, but faster.

All of it would be wrong in training: a weight that stands in for two others cannot learn what they would.
"""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import pairwise

import torch
from mmcv.cnn import ConvModule
from mmcv.cnn.bricks import wrappers
from mmdet.models.backbones import resnet, resnext
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .backbones.efficientnet_lite import SameConv2d
from .cpu_linear import CPULinear
from .video_model import VideoModel

__all__ = [
    "Replaced",
    "autocast_dtype",
    "fold_batch_norms",
    "lower_weights",
    "prepare_for_test",
    "prepared_for_test",
    "take_onednn",
]

# exactly these classes, since a class derived from them may compute something else
CONVOLUTIONS = (nn.Conv2d, wrappers.Conv2d, SameConv2d)
LINEAR = (nn.Linear, wrappers.Linear)
RESNETS = (resnet.ResNet, resnet.BasicBlock, resnet.Bottleneck, resnext.ResNeXt, resnext.Bottleneck)

Replaced = list[tuple[nn.Module, str, nn.Module]]
"""For each module that was replaced its owner, its name there and the module itself."""


def autocast_dtype(model: nn.Module, half: bool) -> torch.dtype | None:
    """That of ``torch.autocast`` on the model's device, such as bfloat16 on a CPU; ``None`` if not ``half``."""
    return torch.get_autocast_dtype(_device_type(model)) if half else None


def prepare_for_test(model: VideoModel, dtype: torch.dtype | None = None) -> Replaced:
    """Replace modules of a model by faster ones, whose results differ by rounding.

    Args:
        model: model in test mode, changed in place. Its weights have other names afterwards.
        dtype: that of the ``torch.autocast`` under which it will run; ``None`` if it will not.

    Returns:
        What was replaced, in this order.
    """
    replaced = fold_batch_norms(model)
    if dtype is not None:
        return replaced + lower_weights(model, dtype)
    return replaced + take_onednn(model) if _device_type(model) == "cpu" else replaced


@contextmanager
def prepared_for_test(model: VideoModel, dtype: torch.dtype | None = None) -> Iterator[None]:
    """:func:`prepare_for_test` within a ``with`` block; behind it the model is as it was."""
    replaced = prepare_for_test(model, dtype)
    try:
        yield
    finally:
        for owner, name, module in reversed(replaced):
            setattr(owner, name, module)


def fold_batch_norms(model: nn.Module) -> Replaced:
    """Leave scale and offset of batch norms to the convolutions before them, in mmdet's ResNets and in ConvModules.

    mmcv's ``fuse_conv_bn`` folds every batch norm that comes after a convolution among a module's children, whatever
    stands between them.
    """
    replaced: Replaced = []
    for owner in list(model.modules()):
        for first, second in _in_a_row(owner):
            conv, norm = getattr(owner, first), getattr(owner, second)
            known = type(conv) in CONVOLUTIONS and isinstance(norm, _BatchNorm) and norm.track_running_stats
            if known and not (conv.training or norm.training):
                replaced += [(owner, first, conv), (owner, second, norm)]
                setattr(owner, first, fuse_conv_bn_eval(conv, norm))
                setattr(owner, second, nn.Identity())
    return replaced


def lower_weights(model: VideoModel, dtype: torch.dtype) -> Replaced:
    """Round the weights that ``torch.autocast`` rounds once, in place of once a window, so results stay equal."""

    def lowered(name: str, module: nn.Module) -> nn.Module | None:
        fit = type(module) in CONVOLUTIONS + LINEAR  # not nn.MultiheadAttention, which a CPU computes in float32
        kept = any(fnmatchcase(name, pattern) for pattern in model.whole_precision)
        return copy.deepcopy(module).to(dtype) if fit and not kept else None

    return _replace(model, lowered)


def take_onednn(model: nn.Module) -> Replaced:
    """Let linear layers be :class:`CPULinear`, with the same weights."""

    def faster(_: str, module: nn.Module) -> nn.Module | None:
        if not isinstance(module, nn.Linear) or type(module) not in LINEAR:
            return None
        layer = CPULinear(module.in_features, module.out_features, bias=module.bias is not None, device="meta")
        layer.weight, layer.bias = module.weight, module.bias
        return layer.train(module.training)

    return _replace(model, faster)


def _device_type(model: nn.Module) -> str:
    return next(model.parameters()).device.type


def _replace(model: nn.Module, change: Callable[[str, nn.Module], nn.Module | None]) -> Replaced:
    """Replace each module for which ``change(its full name, module)`` gives another one."""
    replaced: Replaced = []
    for prefix, owner in list(model.named_modules()):
        for name, module in list(owner.named_children()):
            other = change(f"{prefix}.{name}" if prefix else name, module)
            if other is not None:
                replaced.append((owner, name, module))
                setattr(owner, name, other)
    return replaced


def _in_a_row(owner: nn.Module) -> list[tuple[str, str]]:
    """Names of modules of ``owner``, where the second of two computes on what the first one gives, and nothing else."""
    if isinstance(owner, ConvModule):
        return [("conv", owner.norm_name)] if owner.with_norm and owner.order[:2] == ("conv", "norm") else []
    if type(owner) is nn.Sequential:
        return list(pairwise(owner._modules))
    if type(owner) in RESNETS:
        return [(f"conv{n}", getattr(owner, f"norm{n}_name")) for n in (1, 2, 3) if hasattr(owner, f"conv{n}")]
    return []
