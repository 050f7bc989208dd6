"""A picture of how a training goes: loss, learning rate and validation figures, drawn from the log of scalars."""

import io
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from mmvis_ext.registry import HOOKS
from mmvis_ext.utils.files import read_file, write_atomically

from .building import reason_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["CurvesHook", "draw_curves", "read_scalars"]

SCALARS = "vis_data/scalars.json"  # where mmengine's LocalVisBackend writes, below the folder of a run
NO_FIGURES = {"step", "epoch", "iter", "time", "data_time", "memory"}
MOST = 6  # figures of a validation that are drawn
WIDTH, HEIGHT = 7.0, 2.4  # of a panel, in inches


@HOOKS.register_module()
class CurvesHook(Hook):
    """Draws ``curves.png`` into the folder of the log after each epoch and validation, and at the end of a training.

    A training that was resumed is drawn from its beginning, as far as the logs of its earlier runs are in the work dir.
    If the picture cannot be drawn there is a warning, and the training goes on.
    """

    priority = "LOW"  # after the logger, which writes what is drawn

    def __init__(self) -> None:
        self.logs: list[Path] = []

    def before_train(self, runner: Runner) -> None:
        own = Path(runner.log_dir) / SCALARS
        earlier = sorted(Path(runner.work_dir).glob(f"*/{SCALARS}")) if runner._resume else []
        self.logs = [*(path for path in earlier if path != own), own]

    def after_train_epoch(self, runner: Runner) -> None:
        self._draw(runner)

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        self._draw(runner)

    def after_train(self, runner: Runner) -> None:
        self._draw(runner)

    @master_only
    def _draw(self, runner: Runner) -> None:
        path = Path(runner.log_dir) / "curves.png"
        try:
            lines = read_scalars([log for log in self.logs if log.exists()])
            if lines:
                content = io.BytesIO()
                draw_curves(lines).savefig(content, format="png", dpi=100)
                write_atomically(path, content.getvalue())
        except Exception as error:  # whatever is wrong with a log or a disk, it is no reason to end a training
            said = f"{path}: the curves cannot be drawn ({reason_of(error)}); the training goes on without them."
            print_log(said, "current", logging.WARNING)


def read_scalars(logs: Iterable[Path]) -> list[dict[str, float]]:
    """The numbers that a training has logged.

    Args:
        logs: the ``scalars.json`` of its runs in order of time, lines of JSON. A resumed run takes over from its first
            line on: what an earlier run has logged beyond it was lost. A line that is no JSON, as the last one of a run
            that was killed, is left out.

    Returns:
        Values by name for each line, in order; ``step`` is the iteration.

    Raises:
        OSError: a log cannot be read.
    """
    lines: list[dict[str, float]] = []
    for log in logs:
        own = list(_lines(read_file(log).decode(errors="replace")))
        if own:
            lines = [line for line in lines if line["step"] < own[0]["step"]] + own
    return lines


def _lines(text: str) -> Iterator[dict[str, float]]:
    step = 0.0
    for row in text.splitlines():
        try:
            line = json.loads(row)
        except ValueError:
            continue
        if not isinstance(line, dict):
            continue
        numbers = {name: value for name, value in line.items() if type(value) in (int, float)}
        step = max(step, numbers.get("step", 0))  # a validation can be logged by its epoch
        yield numbers | {"step": step}


def draw_curves(lines: Sequence[dict[str, float]]) -> "Figure":
    """Draw loss, learning rate and the figures of validations over the iterations, in panels below each other.

    Args:
        lines: see :func:`read_scalars`. Lines with a ``loss`` are of the training, the others of validations, of which
            the first six figures are drawn that had something to measure. A panel without values is left out.
    """
    from matplotlib.figure import Figure  # without pyplot, whose state and windows a training does not need

    panels = _panels(lines)
    picture = Figure(figsize=(WIDTH, HEIGHT * max(1, len(panels))), layout="constrained")
    axes = picture.subplots(max(1, len(panels)), sharex=True, squeeze=False)[:, 0]
    for axis, (title, names) in zip(axes, panels.items(), strict=False):
        for name in names:
            points = [(line["step"], line[name]) for line in lines if name in line]
            axis.plot(*zip(*points, strict=True), marker="." if title == "validation" else "", label=name)
        axis.set_ylabel(title)
        axis.grid(alpha=0.3)
        if title == "validation":
            axis.legend(fontsize="small")
    axes[-1].set_xlabel("iteration")
    return picture


def _panels(lines: Sequence[dict[str, float]]) -> dict[str, list[str]]:
    """Title and names of the values of each panel."""
    figures: dict[str, None] = {}
    for line in lines:
        if "loss" not in line:  # a figure of -1 had nothing to measure
            figures |= dict.fromkeys(name for name in line if name not in NO_FIGURES and line[name] != -1)
    panels = {"loss": ["loss"], "learning rate": ["lr"], "validation": list(figures)[:MOST]}
    known = {name for line in lines for name in line}
    return {title: names for title, names in panels.items() if known.issuperset(names) and names}
