"""SRNet, Fig. 4: speed against accuracy."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import write_figure

__all__ = ["Point", "trade_off_figure"]


class Point(NamedTuple):
    """A model's speed and accuracy.

    Attributes:
        name: written beside the point.
        fps: frames per second.
        figure: such as J&F, in points.
    """

    name: str
    fps: float
    figure: float

    @classmethod
    def parse(cls, text: str) -> "Point":
        """Read ``NAME=FPS,FIGURE``, such as ``SRNet=35,58.8``.

        Raises:
            InputError: the text has another form.
        """
        name, _, numbers = text.rpartition("=")
        try:
            fps, figure = (float(n) for n in numbers.split(","))
        except ValueError:
            fps = figure = float("nan")
        if not name or not (0 < fps < float("inf") and abs(figure) < float("inf")):
            raise InputError(f"--points {text}: write NAME=FPS,FIGURE with numbers, such as SRNet=35,58.8.")
        return cls(name, fps, figure)


def trade_off_figure(points: Sequence[Point], path: Path, measure: str = "J&F") -> None:
    """Draw each model as a point, with frames per second to the right and accuracy upwards.

    Args:
        points: at least one.
        path: of the PNG file.
        measure: name of the figure.
    """
    from matplotlib.figure import Figure  # without pyplot, whose state and windows nobody needs here

    picture = Figure(figsize=(6, 4), layout="constrained")
    axis = picture.subplots()
    axis.scatter([p.fps for p in points], [p.figure for p in points])
    for p in points:
        axis.annotate(p.name, (p.fps, p.figure), xytext=(5, 4), textcoords="offset points")
    axis.set(xlabel="frames per second", ylabel=measure)
    axis.grid(alpha=0.3)
    axis.margins(0.15)
    write_figure(picture, path)
