"""A video in progress, window by window."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch

from mmvis_ext.models.video_model import VideoStream, frame_geometry
from mmvis_ext.structures import VideoTracks
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.limits import check_frame_size
from mmvis_ext.videos import Frame

if TYPE_CHECKING:
    from .inferencer import VISInferencer

__all__ = ["Session", "windows"]

Item = TypeVar("Item")


class Session:
    """A video in progress.

    Args:
        inferencer: the inferencer whose model is used.
        video_id: the video's id in the result.
        gather: whether the detections are gathered into tracks, for :meth:`close`.
    """

    def __init__(self, inferencer: "VISInferencer", video_id: Any = 0, gather: bool = True) -> None:
        self.inferencer = inferencer
        self.video_id = video_id
        self.gather = gather
        self.length = 0
        self._shape: tuple[int, ...] = ()
        self._stream: VideoStream | None = None

    @torch.no_grad()
    def push(self, frames: list[np.ndarray]) -> Detections:
        """Process the next window.

        Args:
            frames: 1 to ``window`` frames, (H,W,3) uint8 RGB each; they are not modified. To get the same result as
                for the whole video at once, give full windows except at the end of the video.

        Raises:
            InputError: a frame is not such an array, its size is not that of the first frame, or it is larger or
                thinner than a frame may be (:func:`check_frame_size`).
            ValueError: there are no frames or more than ``window``.
        """
        if not 1 <= len(frames) <= self.inferencer.window:
            raise ValueError(f"A window has 1 to {self.inferencer.window} frames, not {len(frames)}.")
        for frame in frames:
            self._check(frame)
        inputs, sample = self.inferencer.prepare(frames)
        model = self.inferencer.model
        if self._stream is None:
            self._stream = model.open_stream(frame_geometry(sample), self.gather)
        with self.inferencer.precision():
            return model.advance(inputs, self._stream)

    @property
    def geometry(self) -> FrameGeometry:
        """Original and resized size of the frames.

        Raises:
            InputError: there were no frames.
        """
        if self._stream is None:
            raise InputError("the video has no frames; give at least one.")
        return self._stream.geometry

    def push_frames(self, frames: list[Frame]) -> Detections:
        """:meth:`push` for frames with number and time."""
        return self.push([frame.picture for frame in frames])

    def close(self) -> VideoTracks:
        """The tracks of all frames so far.

        Raises:
            InputError: there were no frames.
            ValueError: the session does not gather tracks.
        """
        if self._stream is None:
            raise InputError("the video has no frames; give at least one.")
        return self._stream.book.close(self.video_id, self.geometry)

    def _check(self, frame: np.ndarray) -> None:
        where = f"frame {self.length}"
        if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            found = f"{frame.dtype} {frame.shape}" if isinstance(frame, np.ndarray) else type(frame).__name__
            raise InputError(f"{where}: expected an RGB array of uint8 and shape (height, width, 3), not {found}.")
        check_frame_size(frame.shape[0], frame.shape[1], where)
        self._shape = self._shape or frame.shape
        if frame.shape != self._shape:
            raise InputError(
                f"{where}: has {frame.shape[1]}x{frame.shape[0]} pixels but the video began with "
                f"{self._shape[1]}x{self._shape[0]}; a video has one size."
            )
        self.length += 1


def windows(frames: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Split frames into lists of ``size``, of which the last may be shorter.

    No list is kept here while the next one is read, so that with ``map(step, windows(...))`` only one is in memory.
    """
    iterator = iter(frames)
    while window := list(islice(iterator, size)):
        yield window
        del window
