"""Which frames of a video are looked at, and how large."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmvis_ext.utils.errors import InputError

from .folder import FrameFolder
from .source import Frame, VideoSource

__all__ = ["Selection"]


@dataclass(frozen=True)
class Selection:
    """Frames of a video.

    Args:
        stride: every how many frames one is taken.
        fps: at most so many frames a second are taken; of a folder of frames, how many a second it has.
        start: the first time in seconds.
        end: the time in seconds before which the last frame lies; ``None`` for the video's end.
        max_size: a picture whose longer side has more pixels is made smaller.

    Raises:
        InputError: one of these is out of range.
    """

    stride: int = 1
    fps: float | None = None
    start: float = 0.0
    end: float | None = None
    max_size: int | None = None

    def __post_init__(self) -> None:
        if self.stride < 1:
            raise InputError(f"a stride of {self.stride} frames takes none; give 1 or more.")
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise InputError(f"{self.fps} fps are no frame rate; give a number above 0.")
        if self.start < 0 or (self.end is not None and self.end <= self.start):
            raise InputError(f"a video from {self.start:g} to {self.end} seconds has no frames; let the end be later.")
        if self.max_size is not None and self.max_size < 16:
            raise InputError(f"pictures of at most {self.max_size} pixels show nothing; give 16 or more.")

    def of(self, source: VideoSource) -> VideoSource:
        """The source with these frames alone."""
        return source if self == Selection() else _Selected(source, self)


class _Selected(VideoSource):
    """Frames of another source."""

    def __init__(self, source: VideoSource, selection: Selection) -> None:
        if isinstance(source, FrameFolder) and selection.fps is not None:
            source = FrameFolder(Path(source.name), selection.fps)
        self.source, self.selection = source, selection
        self.name, self.live = source.name, source.live
        self.fps = min(source.fps / selection.stride, selection.fps or float("inf"))
        self.length = self._count()

    def _count(self) -> int | None:
        """About how many frames there are."""
        if self.source.length is None:
            return None
        seconds = self.source.length / self.source.fps
        seconds = max(0.0, min(seconds, self.selection.end or seconds) - self.selection.start)
        return round(seconds * self.fps)

    def frames(self) -> Iterator[Frame]:
        """See :class:`VideoSource`; numbers and times are those of the whole video."""
        chosen, taken, tick = self.selection, 0, -1
        for frame in self.source.frames():
            if chosen.end is not None and frame.time >= chosen.end:
                return
            if frame.time < chosen.start:
                continue
            taken += 1
            if (taken - 1) % chosen.stride:
                continue
            if chosen.fps is not None:
                now = int((frame.time - chosen.start) * chosen.fps + 1e-6)
                if now == tick:
                    continue
                tick = now
            yield frame._replace(picture=_at_most(frame.picture, chosen.max_size))
        self.cut_at = self.source.cut_at


def _at_most(picture: np.ndarray, size: int | None) -> np.ndarray:
    """An (H, W, 3) picture whose longer side has at most ``size`` pixels."""
    height, width = picture.shape[:2]
    if size is None or max(height, width) <= size:
        return picture
    scale = size / max(height, width)
    return cv2.resize(
        picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
