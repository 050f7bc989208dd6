"""Hooks that keep a run honest: plain atomic checkpoints, finite losses, matching classes, a start that fits."""

import math
from typing import Any

import torch
from mmengine.hooks import CheckpointHook, Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from mmvis_ext.errors import InputError
from mmvis_ext.registry import HOOKS

from .checkpoints import plain, read_checkpoint

__all__ = ["CheckClassesHook", "CheckStartHook", "FiniteLossHook", "PlainCheckpointHook"]


@HOOKS.register_module()
class PlainCheckpointHook(CheckpointHook):
    """mmengine's checkpoints, written atomically and of plain data, so that they load with ``weights_only=True``.

    The history of logged values, which mmengine adds as pickled objects, is left out.

    Args:
        kwargs: of mmengine's ``CheckpointHook``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("backend_args", dict(backend="atomic"))
        super().__init__(*args, **kwargs)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        hub = checkpoint.get("message_hub") or {}
        hub = dict(log_scalars={}, runtime_info=hub.get("runtime_info", {}), resumed_keys={})
        checkpoint["message_hub"] = hub
        for key, value in list(checkpoint.items()):
            checkpoint[key] = plain(value)


@HOOKS.register_module()
class FiniteLossHook(Hook):
    """Stops training at the first loss that is not a finite number.

    Raises:
        InputError: names the iteration, the terms and the videos of the batch.
    """

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None, outputs: dict | None = None
    ) -> None:
        bad = [
            name for name, value in (outputs or {}).items() if not math.isfinite(float(torch.as_tensor(value).detach()))
        ]
        if bad:
            samples = (data_batch or {}).get("data_samples", ())
            videos = [sample[0].metainfo.get("video_id") for sample in samples]
            raise InputError(
                f"iteration {runner.iter + 1}: the loss is not finite ({', '.join(bad)}) on videos {videos}; look at "
                "their annotations, or lower the learning rate or clip gradients. The last checkpoint is intact."
            )


@HOOKS.register_module()
class CheckStartHook(Hook):
    """Checks before training that a model with frozen parts got their weights from a checkpoint.

    Raises:
        InputError: ``load_from`` is not set, or what it names lacks weights of the frozen parts.
    """

    def before_train(self, runner: Runner) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        if not getattr(model, "starts_from_checkpoint", False) or runner._resume:
            return
        name = type(model).__name__
        if not runner._load_from:
            raise InputError(
                f"{name} trains one part and freezes the rest, which a checkpoint must bring; train the first phase, "
                "then set load_from to its checkpoint."
            )
        weights = read_checkpoint(runner._load_from)
        weights = weights.get("state_dict", weights)
        frozen = {key: value for key, value in model.named_parameters() if not value.requires_grad}
        wrong = [key for key, value in frozen.items() if key not in weights or weights[key].shape != value.shape]
        if wrong:
            raise InputError(
                f"{runner._load_from}: lacks {len(wrong)} of the {len(frozen)} weights that {name} freezes (such as "
                f"{wrong[0]}); set load_from to a checkpoint of the first phase's config."
            )


@HOOKS.register_module()
class CheckClassesHook(Hook):
    """Checks before a loop that the model has as many classes as the data set.

    Raises:
        InputError: the numbers differ.
    """

    def _check(self, runner: Runner, dataset: object) -> None:
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        classes = getattr(dataset, "metainfo", {}).get("classes")
        if classes is not None and len(classes) != model.num_classes:
            raise InputError(
                f"the data set has {len(classes)} classes but the model {model.num_classes}; set the head's "
                "num_classes, or choose the classes with metainfo=dict(classes=...)."
            )

    def before_train(self, runner: Runner) -> None:
        self._check(runner, runner.train_dataloader.dataset)

    def before_val(self, runner: Runner) -> None:
        self._check(runner, runner.val_dataloader.dataset)

    def before_test(self, runner: Runner) -> None:
        self._check(runner, runner.test_dataloader.dataset)
