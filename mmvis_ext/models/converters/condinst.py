"""The mask branch of mmdet's CondInst as that of an InsPro."""

import re

from torch import Tensor, nn

from mmvis_ext.utils.errors import InputError

from .conversion import Conversion

__all__ = ["add_condinst"]

BRANCH = "mask_head.mask_feature_head."
LEVEL = re.compile(r"convs_all_levels\.(\d+)\.conv(\d+)\.(.+)")


def add_condinst(
    conversion: Conversion, weights: dict[str, Tensor], model: nn.Module, where: str = "the checkpoint"
) -> None:
    """Map CondInst's mask branch onto what was converted so far; all else of CondInst is listed as unused.

    A level of the pyramid keeps its place: both count from the level of the mask features' stride. The layer that makes
    the mask convolutions has no counterpart: CondInst's is a convolution on the pyramid, InsPro's is linear on a query.

    Args:
        conversion: of a Sparse R-CNN; it is added to.
        weights: ``state_dict`` of an mmdet ``CondInst``: name -> (...) tensor.
        model: an InsPro with masks.
        where: names the checkpoint in errors.

    Raises:
        InputError: the weights have no such branch, or the model has none.
    """
    branch = getattr(model.head, "mask_branch", None)
    if branch is None:
        raise InputError(
            f"{where}: the config's model has no mask branch for these weights; give an InsPro with masks."
        )
    if not any(key.startswith(BRANCH) for key in weights):
        raise InputError(f"{where}: has no {BRANCH}*; give a checkpoint of mmdet's CondInst.")
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
