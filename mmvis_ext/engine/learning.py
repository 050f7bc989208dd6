"""How fast systems learn: a validation's figure over the minutes that trainings have taken until then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmvis_ext.utils.errors import InputError

from .curves import SCALARS, read_scalars

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["LearningCurve", "draw_learning", "read_learning"]


@dataclass(frozen=True)
class LearningCurve:
    """What one training has reached when.

    Attributes:
        name: of the system; trainings with other seeds have the same.
        minutes: of training until each validation, without the validations and the loading of a program.
        figures: one for each.
    """

    name: str
    minutes: tuple[float, ...]
    figures: tuple[float, ...]


def read_learning(name: str, stages: Sequence[Path], figure: str) -> LearningCurve:
    """Read a training's logs.

    Args:
        name: of the system.
        stages: work dirs, each of which has gone on from the weights of the one before, whose time counts as well.
        figure: the end of its name in the log, as ``AP`` of ``youtube_vis/AP``.

    Raises:
        InputError: a folder has no log, or no validation has the figure.
    """
    seconds, points = 0.0, []
    known: set[str] = set()
    for folder in stages:
        logs = sorted(folder.glob(f"*/{SCALARS}"))
        if not logs:
            raise InputError(f"{folder}: is no work dir of a training, since it has no */{SCALARS}; give one that has.")
        step, pace = 0.0, 0.0
        for line in read_scalars(logs):
            if "loss" in line:
                pace = line.get("time", pace)
            seconds += (line["step"] - step) * pace
            step = line["step"]
            if "loss" not in line:
                found = _figures(line)
                known |= found.keys()
                points += [(seconds / 60, found[figure])] if figure in found else []
    if not points:
        has = f"they have {', '.join(sorted(known))}; give one of these" if known else "there is none; train with some"
        raise InputError(f"{stages[-1]}: no validation of {name} has the figure {figure!r}; {has}.")
    minutes, figures = zip(*points, strict=True)
    return LearningCurve(name, minutes, figures)


def _figures(line: Mapping[str, float]) -> dict[str, float]:
    """A validation's figures by the ends of their names; one of -1 had nothing to measure."""
    return {name.rpartition("/")[2]: value for name, value in line.items() if "/" in name and value != -1}


def draw_learning(curves: Sequence[LearningCurve], figure: str) -> "Figure":
    """Draw a line for each training, those of one system in one colour.

    Args:
        curves: the trainings.
        figure: what is drawn.
    """
    from matplotlib.figure import Figure  # without pyplot, whose state and windows nobody needs here

    names = list(dict.fromkeys(curve.name for curve in curves))
    picture = Figure(figsize=(7, 4.5), layout="constrained")
    axis = picture.subplots()
    for number, name in enumerate(names):
        label: str | None = name
        for curve in (one for one in curves if one.name == name):
            axis.plot(curve.minutes, curve.figures, marker=".", color=f"C{number % 10}", label=label)
            label = None
    axis.set(xlabel="minutes of training", ylabel=figure)
    axis.set_ylim(bottom=0)
    axis.set_xlim(left=0)
    axis.grid(alpha=0.3)
    axis.legend()
    return picture
