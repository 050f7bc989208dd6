"""What a training says about itself: when it will end, and at its end what was reached and where it lies."""

import time
from pathlib import Path
from typing import Any

from mmengine.hooks import Hook, IterTimerHook
from mmengine.runner import Runner

from mmvis_ext.registry import HOOKS

from .saving import PlainCheckpointHook

__all__ = ["OutcomeHook", "WallTimerHook"]


@HOOKS.register_module()
class WallTimerHook(IterTimerHook):
    """mmengine's timer with an estimated time of arrival (ETA) by the clock on the wall.

    The time from the first iteration on counts whole, with validations and checkpoints, which mmengine leaves out; what
    comes before it does not count, as a resumed training that looks for its place in the data.
    """

    def before_train(self, runner: Runner) -> None:
        super().before_train(runner)
        self.begun: float | None = None

    def _after_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None, mode: str = "train"
    ) -> None:
        super()._after_iter(runner, batch_idx, data_batch, outputs, mode)
        if mode != "train":
            return
        done = runner.iter - self.start_iter  # iterations after the first
        if self.begun is None:
            self.begun = self.t
        hub = runner.message_hub
        waited, took = (hub.get_scalar(f"train/{name}").current() for name in ("data_time", "time"))
        each = (time.time() - self.begun) / done if done else took - waited
        hub.update_info("eta", each * (runner.max_iters - runner.iter - 1))


@HOOKS.register_module()
class OutcomeHook(Hook):
    """Says at the end of a training what was reached, and where checkpoints and curves lie."""

    priority = "LOWEST"  # after the last checkpoint and the curves

    def after_train(self, runner: Runner) -> None:
        known, kept = runner.message_hub.runtime_info, []
        for hook in runner.hooks:
            for key in (hook.save_best or ()) and hook.key_indicators if isinstance(hook, PlainCheckpointHook) else ():
                of_key = "" if len(hook.key_indicators) == 1 else f"_{key}"
                if f"best_ckpt{of_key}" in known:
                    figure = f"{'' if key == 'auto' else key} {known[f'best_score{of_key}']:.4g}".strip()
                    kept.append(f"the best checkpoint ({figure}) is {known[f'best_ckpt{of_key}']}")
        if "last_ckpt" in known:
            kept.append(f"the last checkpoint is {known['last_ckpt']}")
        curves = Path(runner.log_dir) / "curves.png"
        if curves.exists():
            kept.append(f"the curves are in {curves}")
        runner.logger.info(
            f"The training is done after {runner.iter} iterations: {', '.join(kept) or 'nothing is kept'}."
        )
