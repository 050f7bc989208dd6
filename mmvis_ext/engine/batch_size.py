"""Recipes on other numbers of GPUs than the papers': the learning rate, and steps of several batches."""

from typing import Any

from mmengine.config import Config

from mmvis_ext.utils.errors import InputError

from .building import name_of

__all__ = ["accumulate", "scale_learning_rate"]

COUNTS = ("begin", "end", "milestones", "step_size", "T_max")  # of a learning-rate schedule, in iterations


def scale_learning_rate(cfg: Config) -> None:
    """Let mmengine scale the learning rate with the number of samples of a step, all GPUs together.

    Raises:
        InputError: the config does not say for how many samples its learning rate is.
    """
    if not (cfg.get("auto_scale_lr") or {}).get("base_batch_size"):
        raise InputError(
            f"{name_of(cfg)}: does not say for how many samples its learning rate is; add "
            "auto_scale_lr=dict(base_batch_size=N), or set optim_wrapper.optimizer.lr yourself."
        )
    cfg.auto_scale_lr.enable = True


def accumulate(cfg: Config, number: int) -> None:
    """Let the optimizer step once in ``number`` batches, with the mean of their gradients.

    A schedule in iterations becomes ``number`` times as long, so that it has as many steps as before; one in epochs
    shows each video as often as before.

    Args:
        cfg: it is modified.
        number: batches of a step.

    Raises:
        InputError: ``number`` is below 1.
    """
    if number < 1:
        raise InputError(f"--accumulate {number}: give the number of batches of a step, 1 or more.")
    cfg.optim_wrapper.accumulative_counts = number
    if (cfg.get("auto_scale_lr") or {}).get("base_batch_size"):
        cfg.auto_scale_lr.base_batch_size /= number  # mmengine counts the samples of a batch, not those of a step
    if cfg.train_cfg.get("max_iters"):
        counts = {"max_iters", "val_begin", "val_interval"} & cfg.train_cfg.keys()
        cfg.train_cfg.update({key: number * cfg.train_cfg[key] for key in counts})
        hook = cfg.get("default_hooks", {}).get("checkpoint")
        if hook and hook.get("interval"):
            hook.interval *= number
    for scheduler in cfg.get("param_scheduler") or ():
        if not scheduler.get("by_epoch", True):
            scheduler.update({key: _times(scheduler[key], number) for key in COUNTS if key in scheduler})
            if scheduler.type == "ExponentialLR":
                scheduler.gamma = scheduler.gamma ** (1 / number)


def _times(count: Any, number: int) -> Any:
    return [number * each for each in count] if isinstance(count, list | tuple) else number * count
