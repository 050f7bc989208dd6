"""Hooks that stop a run with a non-finite loss, wrong classes or a wrong start, and warn of too few queries."""

import logging
import math
from collections.abc import Sequence

import torch
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from mmvis_ext.checkpoints import read_checkpoint, weights_of
from mmvis_ext.models.video_model import unwrapped
from mmvis_ext.registry import HOOKS
from mmvis_ext.utils.errors import InputError

from .start import missing_start

__all__ = ["CheckClassesHook", "CheckSlotsHook", "CheckStartHook", "FiniteLossHook"]


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
                f"iteration {runner.iter + 1}: the loss is not finite ({', '.join(bad)}) on videos {videos}; check "
                "their annotations, lower the learning rate or clip gradients (the last checkpoint is intact)."
            )


@HOOKS.register_module()
class CheckStartHook(Hook):
    """Checks before training that a model gets the weights that it needs from a checkpoint.

    Raises:
        InputError: ``load_from`` is not set although the config has a ``start`` or the model has frozen parts, or its
            checkpoint lacks weights of the frozen parts.
    """

    def before_train(self, runner: Runner) -> None:
        model = unwrapped(runner.model)
        if runner._resume:
            return
        if not runner._load_from and runner.cfg.get("start"):
            raise InputError(missing_start(runner.cfg))
        if not model.starts_from_checkpoint:
            return
        name = type(model).__name__
        if not runner._load_from:
            raise InputError(
                f"{name} trains one part and freezes the rest, which a checkpoint must bring; train the first phase, "
                "then set load_from to its checkpoint."
            )
        if "://" in runner._load_from:
            return  # a URL: mmengine downloads it later, and logs what is missing
        weights = weights_of(read_checkpoint(runner._load_from))
        frozen = {key: value for key, value in model.named_parameters() if not value.requires_grad}
        wrong = [key for key, value in frozen.items() if key not in weights or weights[key].shape != value.shape]
        if wrong:
            raise InputError(
                f"{runner._load_from}: lacks {len(wrong)} of the {len(frozen)} weights that {name} freezes (such as "
                f"{wrong[0]}); set load_from to a checkpoint of the first phase's config."
            )


@HOOKS.register_module()
class CheckSlotsHook(Hook):
    """Warns before training where videos show more objects than the model has queries for.

    What finds no query is never learned, and in a test never found.
    """

    def before_train(self, runner: Runner) -> None:
        slots = unwrapped(runner.model).slots
        numbers = getattr(runner.train_dataloader.dataset, "objects_per_video", ())
        crowded = [number for number in numbers if slots is not None and number > slots]
        if crowded:
            print_log(
                f"{len(crowded)} of {len(numbers)} videos show more objects (up to {max(crowded)}) than the model has "
                f"queries ({slots}); what finds no query is not learned, so raise the model's num_queries.",
                "current",
                logging.WARNING,
            )


@HOOKS.register_module()
class CheckClassesHook(Hook):
    """Checks before each loop that a data set has the classes that the model has learned.

    Their number must be the model's K. In validation, names and order must also be those of the training data set, and
    in testing those in the checkpoint, if it names any.

    Raises:
        InputError: they differ.
    """

    def before_train(self, runner: Runner) -> None:
        _check_number(runner, _classes_of(runner.train_dataloader.dataset))

    def before_val(self, runner: Runner) -> None:
        classes = _classes_of(runner.val_dataloader.dataset)
        _check_number(runner, classes)
        training = getattr(runner._train_loop, "dataloader", None)  # not there in a run that only validates
        trained = _classes_of(getattr(training, "dataset", None))
        _check_names(classes, trained, "the validation data set", "the training data set")

    def before_test(self, runner: Runner) -> None:
        classes = _classes_of(runner.test_dataloader.dataset)
        _check_number(runner, classes)
        if runner._load_from and "://" not in runner._load_from:
            meta = read_checkpoint(runner._load_from).get("meta") or {}
            trained = (meta.get("dataset_meta") or {}).get("classes")
            _check_names(classes, trained, "the data set", f"the checkpoint {runner._load_from}")


def _classes_of(dataset: object) -> Sequence[str] | None:
    return getattr(dataset, "metainfo", {}).get("classes")


def _check_number(runner: Runner, classes: Sequence[str] | None) -> None:
    model = unwrapped(runner.model)
    if classes is not None and len(classes) != model.num_classes:
        raise InputError(
            f"the data set has {len(classes)} classes but the model {model.num_classes}; set the head's "
            "num_classes, or choose the classes with metainfo=dict(classes=...)."
        )


def _check_names(classes: Sequence[str] | None, trained: Sequence[str] | None, here: str, there: str) -> None:
    if classes is None or trained is None or list(classes) == list(trained):
        return
    i = next((i for i, pair in enumerate(zip(classes, trained, strict=False)) if pair[0] != pair[1]), 0)
    raise InputError(
        f"{here} has the class '{classes[i]}' as number {i} and {there} has '{trained[i]}', so they are not "
        "of the same classes; set the same classes in the same order with metainfo=dict(classes=...)."
    )
