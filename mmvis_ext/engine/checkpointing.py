"""Activation checkpointing: parts of a model are computed again in the backward pass, so their insides are not kept."""

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from functools import wraps
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from mmvis_ext.models.video_model import VideoModel, unwrapped
from mmvis_ext.registry import HOOKS
from mmvis_ext.utils.errors import InputError

__all__ = ["ActivationCheckpointingHook", "turn_on_checkpointing"]


@HOOKS.register_module()
class ActivationCheckpointingHook(Hook):
    """With ``checkpointing=True`` in the config, trains with less memory and more time, see docs/training.md.

    mmengine's own ``activation_checkpointing`` is no way to the same: it takes torch's reentrant form, in which a
    backbone whose input has no gradient gets none itself.

    Raises:
        InputError: see :func:`turn_on_checkpointing`.
    """

    def before_train(self, runner: Runner) -> None:
        if runner.cfg.get("checkpointing", False):
            turn_on_checkpointing(unwrapped(runner.model))


def turn_on_checkpointing(model: VideoModel) -> None:
    """From now on compute the model's :attr:`VideoModel.checkpointed` methods again in the backward pass.

    Losses and gradients stay the same.

    Raises:
        InputError: the model has no such methods, or a part of it has a batch norm that is trained, whose running
            statistics would count each batch twice.
    """
    calls = list(_calls(model.train()))
    if not calls:
        raise InputError(f"checkpointing=True: {type(model).__name__} names no parts for it; leave it out.")
    for owner, method in calls:
        trained = [m for m in owner.modules() if isinstance(m, _BatchNorm) and m.training]
        if trained:
            raise InputError(
                f"checkpointing=True: {type(owner).__name__} has batch norm that is trained, whose statistics would "
                "count each batch twice; set norm_eval=True of the backbone, or leave checkpointing out."
            )
        vars(owner)[method] = _computed_again(getattr(owner, method))


def _calls(model: VideoModel) -> Iterator[tuple[nn.Module, str]]:
    """The modules and their methods that :attr:`VideoModel.checkpointed` names."""
    for path in model.checkpointed:
        *pattern, method = path.split(".")
        for name, owner in model.named_modules():
            parts = name.split(".")
            if len(parts) == len(pattern) and all(map(fnmatchcase, parts, pattern)):
                yield owner, method


def _computed_again(function: Callable) -> Callable:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if not torch.is_grad_enabled():
            return function(*args, **kwargs)
        return checkpoint(function, *args, use_reentrant=False, **kwargs)

    return call
