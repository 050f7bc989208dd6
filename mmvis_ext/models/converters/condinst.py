"""Weights of an InsPro's mask branch from a checkpoint of mmdet's CondInst."""

import re
from collections.abc import Iterable

from torch import Tensor, nn

from mmvis_ext.utils.errors import InputError

from .conversion import Conversion

__all__ = ["add_condinst"]

BRANCH = "mask_head.mask_feature_head."
LEVEL = re.compile(r"convs_all_levels\.(\d+)\.conv(\d+)\.(.+)")
CONV = re.compile(r"conv_branch\.(\d+)\.")


def add_condinst(
    conversion: Conversion, weights: dict[str, Tensor], model: nn.Module, where: str = "the checkpoint"
) -> None:
    """Add the weights of CondInst's mask branch to a conversion; CondInst's other weights are listed as unused.

    Pyramid levels correspond one to one, counted from the level with the stride of the mask features. The layer that
    generates the mask convolutions cannot be converted: in CondInst it is a convolution on the pyramid, in InsPro a
    linear layer on a query.

    Args:
        conversion: the result of :func:`convert_sparse_rcnn`; it is modified.
        weights: ``state_dict`` of an mmdet ``CondInst``: name -> (...) tensor.
        model: an InsPro with masks.
        where: the checkpoint's name in error messages.

    Raises:
        InputError: the weights or the model have no mask branch, or their mask branches differ in depth: the last
            layer's weights mean nothing behind other convolutions.
    """
    branch = getattr(model.head, "mask_branch", None)
    if branch is None:
        raise InputError(
            f"{where}: the config's model has no mask branch for these weights; give an InsPro with masks."
        )
    if not any(key.startswith(BRANCH) for key in weights):
        raise InputError(f"{where}: has no {BRANCH}*; give a checkpoint of mmdet's CondInst.")
    theirs = _depth(key.removeprefix(BRANCH) for key in weights if key.startswith(BRANCH))
    ours = _depth(branch.state_dict())
    if theirs != ours:
        raise InputError(
            f"{where}: its mask branch has {theirs} convolutions behind the pyramid's levels and that of the config "
            f"has {ours}; set num_convs={theirs} in the head's mask_branch."
        )
    for key, value in weights.items():
        if not key.startswith(BRANCH):
            conversion.unused[key] = "of CondInst, only the mask branch is taken"
            continue
        name = key.removeprefix(BRANCH)
        level = LEVEL.fullmatch(name)
        if level is not None:
            name = f"convs_all_levels.{level[1]}.conv{branch.start_level + int(level[1])}.{level[3]}"
        target = f"head.mask_branch.{name}"
        own = conversion.state_dict.get(target)
        if own is None or own.shape != value.shape:
            conversion.unused[key] = "not in this config" if own is None else f"has the shape {tuple(value.shape)}"
            continue
        conversion.state_dict[target] = value.to(own.dtype).clone()
        conversion.mapped[key] = (target, "")
        conversion.initial.pop(target, None)


def _depth(names: Iterable[str]) -> int:
    """The number of convolutions that a mask branch has after the levels are summed, given its weights' names."""
    return len({found[1] for found in map(CONV.match, names) if found})
