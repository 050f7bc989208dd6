"""What a model computes inside, window by window."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from mmvis_ext.engine.benchmarking import network_replaced
from mmvis_ext.inference import VISInferencer
from mmvis_ext.inference.session import windows
from mmvis_ext.models import VideoModel
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections
from mmvis_ext.utils.errors import InputError

__all__ = ["Look", "looks", "require_kind"]

Model = TypeVar("Model", bound=VideoModel)


@dataclass(frozen=True)
class Look:
    """One step of a model.

    Attributes:
        start: number of the window's first frame.
        pictures: T frames, (H,W,3) uint8 RGB.
        geometry: original and resized size of the frames.
        arguments: those of the model's ``forward_window``.
        result: the predictions that it returned.
        detections: what the step made of them.
    """

    start: int
    pictures: list[np.ndarray]
    geometry: FrameGeometry
    arguments: tuple[Any, ...]
    result: Any
    detections: Detections

    def places(self, frames: Iterable[int]) -> list[int]:
        """Which of some frames of the video lie in this window: their places in it, in order."""
        return sorted(n - self.start for n in frames if 0 <= n - self.start < len(self.pictures))


def looks(inferencer: VISInferencer, pictures: Iterable[np.ndarray]) -> Iterator[Look]:
    """Yield what the model computes in one window after the other of a video.

    Args:
        inferencer: holds the model.
        pictures: frames, (H,W,3) uint8 RGB, all of one size.

    Raises:
        InputError: see :meth:`Session.push`.
    """
    model, session, start = inferencer.model, inferencer.session(gather=False), 0
    calls: list[tuple[tuple[Any, ...], Any]] = []

    def watched(network: Callable) -> Callable:
        def forward_window(*args: Any) -> Any:
            result, carried = network(*args)
            calls.append((args, result))
            return result, carried

        return forward_window

    for window in windows(pictures, model.window):
        with network_replaced(model, watched):
            detections = session.push(window)
        arguments, result = calls.pop()
        yield Look(start, window, session.geometry, arguments, result, detections)
        start += len(window)


def require_kind(model: VideoModel, kind: type[Model], figure: str) -> Model:
    """The model, if it is of the kind that a figure is about.

    Raises:
        InputError: it is another one.
    """
    if not isinstance(model, kind):
        raise InputError(
            f"{figure}: shows what is inside {kind.__name__}, and the config is of {type(model).__name__}."
        )
    return model
