"""Writing videos. A file is written atomically."""

import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import take_place

from .capture import MOST_FPS, Capture, quietly

__all__ = ["VideoWriter"]

CODECS = {
    ".mp4": ("avc1", "mp4v"),  # H.264 plays everywhere but not every OpenCV can write it; MPEG-4 is always there
    ".webm": ("VP80",),  # VP8, which every browser plays and every OpenCV with FFmpeg can write
}


class VideoWriter:
    """Writes an mp4 or webm: ``with VideoWriter(path, fps) as video: video.write(frame)``.

    The file appears under its name only when the block ends without an error and all frames are in it.

    Args:
        path: path of the file, with the ending ``.mp4``, or ``.webm`` for a video that every browser plays; missing
            folders are created.
        fps: frames per second.

    Raises:
        InputError: the path has another ending or cannot be written, ``fps`` is not a possible rate, no frame was
            written, or the disk is full.
    """

    def __init__(self, path: str | Path, fps: float) -> None:
        self.path, self.fps = Path(path), fps
        self.partial = self.path.with_name(f".{self.path.stem}.{os.getpid()}.partial{self.path.suffix}")
        self.count = 0
        self._shape: tuple[int, ...] = ()
        self._writer: cv2.VideoWriter | None = None
        if self.path.suffix not in CODECS:
            raise InputError(f"{self.path}: a video is written as {' or '.join(CODECS)}; give it one of these endings.")
        if not 0 < fps <= MOST_FPS:
            raise InputError(f"{self.path}: {fps} fps are no frame rate; take one above 0 and up to {MOST_FPS}.")

    def __enter__(self) -> "VideoWriter":
        try:
            if self.path.is_dir():
                raise IsADirectoryError(None, "it is a folder")
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.partial.touch()
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror}); choose another place.") from None
        return self

    def write(self, frame: np.ndarray) -> None:
        """Add an (H, W, 3) uint8 RGB frame; if its height or width is odd, the last row or column is cut off.

        Raises:
            ValueError: its size differs from that of the first frame.
        """
        height, width = frame.shape[0] // 2 * 2, frame.shape[1] // 2 * 2
        if self._writer is None:
            self._shape = frame.shape
            self._writer = _opened_writer(self.partial, self.fps, (width, height))
            if self._writer is None:
                kind = self.path.suffix[1:]
                raise InputError(
                    f"{self.path}: OpenCV has no encoder for {kind}; install one that is built with FFmpeg."
                )
        if frame.shape != self._shape:
            raise ValueError(f"A frame of shape {frame.shape} in a video of {self._shape}.")
        self._writer.write(cv2.cvtColor(frame[:height, :width], cv2.COLOR_RGB2BGR))
        self.count += 1

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        try:
            if self._writer is not None:
                self._writer.release()
            if kind is None:
                self._publish()
        finally:
            with suppress(OSError):
                self.partial.unlink(missing_ok=True)

    def _publish(self) -> None:
        """Check that all frames are in the file, since OpenCV reports no errors, and give the file its name."""
        if not self.count:
            raise InputError(f"{self.path}: not written, since there were no frames.")
        try:
            with Capture(str(self.partial.absolute()), str(self.path), "is no video.") as capture:
                whole = capture.length == self.count
        except InputError:
            whole = False
        if not whole:
            raise InputError(f"{self.path}: could not be written to the end; make room on the disk.")
        take_place(self.partial, self.path)


def _opened_writer(path: Path, fps: float, size: tuple[int, int]) -> cv2.VideoWriter | None:
    """OpenCV's writer with the first codec that works."""
    with quietly():
        writers = (
            cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*c), fps, size)
            for c in CODECS[path.suffix]
        )
        return next((writer for writer in writers if writer.isOpened()), None)
