"""What every source of frames has in common, whether a file, a folder or a camera."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from mmvis_ext.utils.errors import InputError

__all__ = ["Frame", "VideoSource"]


class Frame(NamedTuple):
    """A frame of a video.

    Attributes:
        picture: (H, W, 3) uint8 RGB.
        number: its number in the source, from 0.
        time: seconds since the first frame of the source.
        name: for files that belong to it; of a picture in a folder its name without the ending, else the number.
    """

    picture: np.ndarray
    number: int
    time: float
    name: str


class VideoSource(ABC):
    """A video. Iterating over it yields its pictures, (H, W, 3) uint8 RGB, of which one at a time is in memory.

    Attributes:
        name: of the video in messages, such as its path.
        fps: frames per second; the mean of a video whose rate varies.
        length: number of frames as far as it is known, else ``None``.
        live: whether the frames come at their own time, as from a camera, so that slow readers miss some.
        cut_at: number of the frame at which the last reading broke off before the announced end, if it did.

    Raises:
        InputError: a picture has another size than the first one, or cannot be read.
    """

    name: str
    fps: float
    length: int | None
    live = False
    cut_at: int | None = None

    @abstractmethod
    def frames(self) -> Iterator[Frame]:
        """Yield the frames, whatever size each one has."""

    def __iter__(self) -> Iterator[np.ndarray]:
        first = None
        for picture, number, *_ in self.frames():
            first = first or picture.shape
            if picture.shape != first:
                raise InputError(
                    f"{self.name}: frame {number} is {picture.shape[1]}x{picture.shape[0]} pixels but the first one "
                    f"{first[1]}x{first[0]}; a video has one size."
                )
            yield picture
