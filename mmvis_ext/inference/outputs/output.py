"""The contract of everything that is written about a video."""

import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np

from mmvis_ext.inference.frame_result import FrameResult
from mmvis_ext.structures import VideoTracks
from mmvis_ext.utils.errors import InputError

__all__ = ["FinishedVideo", "Output", "Stamp", "in_threads"]


class Stamp(NamedTuple):
    """Number, time in seconds and name of a frame that was looked at, see :class:`Frame`."""

    number: int
    time: float
    name: str


@dataclass(frozen=True)
class FinishedVideo:
    """A video after its last frame.

    Attributes:
        name: of the source.
        fps: frames per second that were looked at.
        stamps: of its T frames.
        tracks: those that are kept, best first.
        categories: ``id`` and ``name`` of each class in label order.
    """

    name: str
    fps: float
    stamps: list[Stamp]
    tracks: VideoTracks
    categories: tuple[dict, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.tracks.height, self.tracks.width

    def labels(self) -> list[int]:
        """The best class of each track."""
        return [int(np.argmax(track.scores)) for track in self.tracks]


class Output(ABC):
    """One kind of files about a video: :meth:`add` gets every frame as it comes, :meth:`finish` the whole.

    What is drawn while a video still runs shows the tracks as their scores are then. What is written at the end holds
    the tracks that are kept by their scores over the whole video.

    Args:
        folder: where it is written; it is there.
        fps: frames per second that are looked at.

    Attributes:
        needs_masks: whether a model of boxes alone cannot give it.
    """

    needs_masks: ClassVar[bool] = False

    def __init__(self, folder: Path, fps: float) -> None:
        self.folder, self.fps = folder, fps

    def add(self, result: FrameResult) -> None:
        """Take the next frame.

        Raises:
            InputError: it needs masks, and the model gives boxes alone; or the place cannot be written.
        """
        if self.needs_masks and result.masks is None:
            raise InputError(
                f"{self.folder}: {type(self).__name__.lower()} are made of masks, but the model gives boxes alone; "
                "take a model with a mask branch, or save other kinds."
            )

    @abstractmethod
    def finish(self, video: FinishedVideo) -> Path:
        """Write what is left to write, and return the path of the file or folder."""

    def abandon(self) -> None:
        """Clean up after an error."""
        return


def in_threads(jobs: Iterable[Callable[[], object]]) -> None:
    """Do many small pieces of work, such as writing pictures, in a few threads. Few of them wait at a time."""
    workers = min(4, os.cpu_count() or 1)
    waiting: deque[Future] = deque()
    with ThreadPoolExecutor(workers) as pool:
        for job in jobs:
            waiting.append(pool.submit(job))
            if len(waiting) > 4 * workers:
                waiting.popleft().result()
        for future in waiting:
            future.result()
