"""The video with its tracks drawn in: as a video, as pictures, or as a small GIF."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mmvis_ext.inference.frame_result import FrameResult
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import write_atomically
from mmvis_ext.videos import VideoWriter

from .output import FinishedVideo, Output

__all__ = ["Frames", "Gif", "Overlay"]

LONGEST_PAUSE = 60.0  # seconds for which one frame is shown at most


class Overlay(Output):
    """``overlay.mp4``, in which every frame appears at its time, so that it plays as fast as the video.

    A frame of a video whose rate varies is repeated, or left out, to fit the constant rate of the file.
    """

    def __init__(self, folder: Path, fps: float, name: str = "overlay.mp4") -> None:
        super().__init__(folder, fps)
        self.path = folder / name
        self.writer = VideoWriter(self.path, fps).__enter__()
        self.begin = 0.0
        self.drawn: np.ndarray | None = None  # the last frame

    def add(self, result: FrameResult) -> None:
        """See :class:`Output`."""
        if self.drawn is None:
            self.begin = result.timestamp
        due = self._due(result.timestamp)
        while self.drawn is not None and self.writer.count < due:
            self.writer.write(self.drawn)
        self.drawn = result.draw()
        if self.writer.count == due:
            self.writer.write(self.drawn)

    def _due(self, time: float) -> int:
        """Number of frames in the file before the one of a time."""
        if not np.isfinite(time):
            return self.writer.count
        due = round((time - self.begin) * self.fps)
        most = self.writer.count + round(LONGEST_PAUSE * self.fps)
        if due > most:
            self.begin += (due - most) / self.fps
        return min(due, most)

    def finish(self, video: FinishedVideo) -> Path:
        """See :class:`Output`."""
        self.writer.__exit__(None, None, None)
        return self.path

    def abandon(self) -> None:
        """See :class:`Output`."""
        self.writer.__exit__(InputError, None, None)


class Frames(Output):
    """``frames/NAME.jpg``, a picture per frame."""

    def add(self, result: FrameResult) -> None:
        """See :class:`Output`."""
        picture = cv2.cvtColor(result.draw(), cv2.COLOR_RGB2BGR)
        _, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
        write_atomically(self.folder / "frames" / f"{result.frame.name}.jpg", content.tobytes())

    def finish(self, video: FinishedVideo) -> Path:
        """See :class:`Output`."""
        return self.folder / "frames"


class Gif(Output):
    """``overlay.gif``, a small preview of the first 20 seconds for a page or a chat."""

    FPS, SIDE, MOST = 10.0, 320, 200  # frames per second, pixels of the longer side, number of frames

    def __init__(self, folder: Path, fps: float) -> None:
        super().__init__(folder, fps)
        self.pictures: list[Image.Image] = []
        self.every = max(1, round(fps / self.FPS))
        self.seen = 0

    def add(self, result: FrameResult) -> None:
        """See :class:`Output`."""
        if self.seen % self.every == 0 and len(self.pictures) < self.MOST:
            picture = Image.fromarray(result.draw())
            picture.thumbnail((self.SIDE, self.SIDE))
            self.pictures.append(picture.quantize(128, Image.Quantize.FASTOCTREE))
        self.seen += 1

    def finish(self, video: FinishedVideo) -> Path:
        """See :class:`Output`."""
        path, (first, *others) = self.folder / "overlay.gif", self.pictures
        milliseconds = max(20, round(1000 * self.every / self.fps))
        save = partial(first.save, format="GIF", save_all=True, append_images=others, loop=0)
        save(path, duration=milliseconds, optimize=False)
        return path
