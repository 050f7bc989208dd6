"""OpenCV's reader of files and streams, made to say what is wrong and to open nothing that nobody asked for."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # errors are reported by an InputError instead

import cv2
import numpy as np

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.limits import check_frame_size

__all__ = ["MOST_FPS", "Capture", "quietly"]

OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
# files of this machine in a format that is a video itself; a playlist, whatever its name, would open others
FILES = (
    "protocol_whitelist;file|format_whitelist;mov,matroska,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,ivf,mxf,dv,h264,hevc,"
    "m4v,mjpeg,gif,apng,yuv4mpegpipe"
)
# what comes over a network may not lead back to files of this machine
STREAMS = "protocol_whitelist;rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,httpproxy,crypto|rtsp_transport;tcp"
PATIENCE = 10_000  # milliseconds that a stream may take to open, or to send its next frame
UNKNOWN_FPS, MOST_FPS = 25.0, 1000  # the first one is used for files that do not give a sensible rate


class Capture:
    """A video that is being read, as a context manager.

    Args:
        source: path of a file, address of a stream, or number of a camera.
        name: of the source in messages.
        wrong: what is wrong if it cannot be opened, and what to do.

    Raises:
        InputError: it cannot be opened, or has frames that are larger than frames may be.
    """

    def __init__(self, source: str | int, name: str, wrong: str) -> None:
        streamed = isinstance(source, str) and "://" in source
        waits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, PATIENCE, cv2.CAP_PROP_READ_TIMEOUT_MSEC, PATIENCE] if streamed else []
        # read by OpenCV whenever it opens something
        os.environ[OPTIONS] = STREAMS if streamed else FILES
        with quietly():
            if isinstance(source, int):
                self.reader = cv2.VideoCapture(source)
            else:
                self.reader = cv2.VideoCapture(source, cv2.CAP_FFMPEG, waits)
        if not self.reader.isOpened():
            raise InputError(f"{name}: {wrong}")
        width, height = (int(self.reader.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        if width and height:
            check_frame_size(height, width, name)

    def __enter__(self) -> "Capture":
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.release()

    def read(self) -> np.ndarray | None:
        """The next picture, (H, W, 3) uint8 RGB, turned as the file says; ``None`` at the end."""
        there, picture = self.reader.read()
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) if there else None

    @property
    def time(self) -> float:
        """Time stamp in seconds of the picture that was read last."""
        return self.reader.get(cv2.CAP_PROP_POS_MSEC) / 1000

    @property
    def fps(self) -> float:
        """Frames per second, 25 if that is not said."""
        fps = self.reader.get(cv2.CAP_PROP_FPS)
        return fps if math.isfinite(fps) and 0 < fps <= MOST_FPS else UNKNOWN_FPS

    @property
    def codec(self) -> str:
        """The four letters that name it in lower case."""
        return int(self.reader.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little", signed=True).decode("latin-1").lower()

    @property
    def length(self) -> int | None:
        """Number of frames as the header says, ``None`` if it does not."""
        return max(0, round(self.reader.get(cv2.CAP_PROP_FRAME_COUNT))) or None


@contextmanager
def quietly() -> Iterator[None]:
    """Suppress OpenCV's log messages."""
    level = cv2.getLogLevel()
    cv2.setLogLevel(0)
    try:
        yield
    finally:
        cv2.setLogLevel(level)
