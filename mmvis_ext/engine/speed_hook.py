"""How fast a model goes through the test."""

import json
import time
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmvis_ext.registry import HOOKS
from mmvis_ext.utils.files import write_atomically

__all__ = ["SpeedHook"]


@HOOKS.register_module()
class SpeedHook(Hook):
    """Writes ``speed.json`` into the work dir after a test: frames, seconds, and frames per second as ``FPS``.

    The time is that of the model's steps, masks included, and of keeping the results; loading frames and computing
    figures are not in it. The first window, which warms up, is left out where there are others.
    """

    priority = "VERY_LOW"

    def before_test(self, runner: Runner) -> None:
        """Forget the last test."""
        self.windows: list[tuple[int, float]] = []

    def before_test_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Start the clock."""
        self.begun = _now()

    def after_test_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        """Stop the clock."""
        self.windows.append((len(data_batch["inputs"][0]), _now() - self.begun))

    @master_only
    def after_test(self, runner: Runner) -> None:
        """Write the file."""
        windows = self.windows[1:] or self.windows
        if windows:
            frames, seconds = (sum(values) for values in zip(*windows, strict=True))
            content = dict(frames=frames, seconds=seconds, FPS=frames / seconds)
            write_atomically(Path(runner.work_dir) / "speed.json", json.dumps(content).encode())


def _now() -> float:
    """The time when all that the GPU was given is done."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()
