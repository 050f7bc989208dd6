"""Hooks that write checkpoints and that watch a figure; they know of which figures more is better."""

import os
from pathlib import Path
from typing import Any

from mmengine import hooks as mmengine_hooks
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from mmvis_ext.checkpoints import plain
from mmvis_ext.registry import HOOKS
from mmvis_ext.utils.errors import InputError

__all__ = ["EarlyStoppingHook", "PlainCheckpointHook"]

GREATER = [
    "AP",
    "AR",
    "J&F",
    "-mean",
    "-recall",
    "/DET",
    "/SEG",
    "/TRA",
]  # parts of the names of figures of which more is better
LESS = ["-decay"]


@HOOKS.register_module(name=["PlainCheckpointHook", "CheckpointHook"])
class PlainCheckpointHook(CheckpointHook):
    """mmengine's checkpoint hook, but checkpoints are written atomically and can be read with ``weights_only=True``.

    For that, the history of logged values, which mmengine stores as pickled objects, is left out. A config that asks
    for a ``CheckpointHook``, as mmdet's do, gets this one.

    ``save_best`` knows that more is better of AP, AR, J&F, DET, SEG and TRA, and less of a decay. With ``auto`` it is
    the first figure of which it knows that; if there is none, no checkpoint is the best.

    Args:
        kwargs: see mmengine's ``CheckpointHook``.

    Raises:
        InputError: a validation has no figure of the name in ``save_best``.
    """

    _default_greater_keys = CheckpointHook._default_greater_keys + GREATER
    _default_less_keys = CheckpointHook._default_less_keys + LESS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("backend_args", dict(backend="atomic"))
        super().__init__(*args, **kwargs)

    def before_train(self, runner: Runner) -> None:
        """Begin; the best checkpoints so far are those that lie where this run saves its own.

        mmengine removes the best one so far when there is a better one, wherever it is, and even if it is a folder. A
        checkpoint that is resumed must not be able to name anything else for that.
        """
        known = runner.message_hub.runtime_info
        work_dir = runner.work_dir
        own = work_dir if self.out_dir in (None, work_dir) else os.path.join(self.out_dir, Path(work_dir).name)
        for key in [key for key in known if key.startswith("best_ckpt")]:
            path = str(known[key])
            folder = os.path.realpath(os.path.dirname(path)) if path.endswith(".pth") and os.path.isfile(path) else None
            if folder != os.path.realpath(own):
                known.pop(key)
        super().before_train(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        hub = checkpoint.get("message_hub") or {}
        hub = dict(log_scalars={}, runtime_info=hub.get("runtime_info", {}), resumed_keys={})
        checkpoint["message_hub"] = hub
        for key, value in list(checkpoint.items()):
            checkpoint[key] = plain(value)

    def after_val_epoch(self, runner: Runner, metrics: dict) -> None:
        """Keep the best checkpoint; with no figures, as in a set without annotations, none is kept."""
        unknown = [key for key in self.save_best or () if key != "auto" and key not in metrics]
        if unknown and metrics:
            raise InputError(f"save_best={unknown[0]!r} is no figure of the validation; choose one of {list(metrics)}.")
        if self.save_best == ["auto"] and self.rules == [None]:
            sides = [key.lower() for key in self._default_greater_keys + self._default_less_keys]
            metrics = {name: value for name, value in metrics.items() if any(key in name.lower() for key in sides)}
        super().after_val_epoch(runner, metrics)


@HOOKS.register_module()
class EarlyStoppingHook(mmengine_hooks.EarlyStoppingHook):
    """mmengine's hook, which here knows that more is better of AP, AR, J&F, DET, SEG and TRA, and less of a decay.

    Its arguments are those of mmengine's ``EarlyStoppingHook``.
    """

    _default_greater_keys = mmengine_hooks.EarlyStoppingHook._default_greater_keys + GREATER
    _default_less_keys = mmengine_hooks.EarlyStoppingHook._default_less_keys + LESS
