"""Cameras and streams of a network."""

import threading
import time
from collections.abc import Iterator

import numpy as np

from mmvis_ext.utils.errors import InputError

from .capture import Capture
from .source import Frame, VideoSource

__all__ = ["LiveVideo"]

WRONG = {
    True: "cannot be opened; check that a camera of this number is there and that no other program uses it.",
    False: "cannot be opened; check the address, the network and whether the stream is being sent.",
}


class LiveVideo(VideoSource):
    """A camera, or a stream by RTSP or HTTP.

    While frames come at their own time, a slow reader gets the newest one and misses those between, so that it never
    falls behind. A file at an address, which says how many frames it has, is read frame by frame.

    Args:
        source: number of a camera, or an address such as ``rtsp://...``.

    Raises:
        InputError: it cannot be opened.
    """

    def __init__(self, source: str | int) -> None:
        self.source = source
        self.name = f"camera {source}" if isinstance(source, int) else source
        with self._capture() as capture:
            self.fps, self.length = capture.fps, capture.length
        self.live = self.length is None

    def _capture(self) -> Capture:
        return Capture(self.source, self.name, WRONG[isinstance(self.source, int)])

    def frames(self) -> Iterator[Frame]:
        """See :class:`VideoSource`. A camera's time is that of this machine's clock.

        Raises:
            InputError: no frame came at all.
        """
        count, begin = 0, 0.0
        with self._capture() as capture:
            for number, picture in _newest(capture) if self.live else _all(capture):
                now = time.monotonic() if self.live else capture.time
                begin = now if count == 0 else begin
                count += 1
                yield Frame(picture, number, now - begin, f"{number:05d}")
        if not count:
            raise InputError(f"{self.name}: sends no frames; check that it is switched on.")


def _all(capture: Capture) -> Iterator[tuple[int, np.ndarray]]:
    number = 0
    while (picture := capture.read()) is not None:
        yield number, picture
        number += 1


def _newest(capture: Capture) -> Iterator[tuple[int, np.ndarray]]:
    """The number and picture of the newest frame each time, while a thread goes on reading."""
    arrived = threading.Condition()
    latest: list[tuple[int, np.ndarray]] = []  # at most one
    ended, left = threading.Event(), threading.Event()

    def read() -> None:
        for found in _all(capture):
            with arrived:
                latest[:] = [found]
                arrived.notify()
            if left.is_set():
                break
        with arrived:
            ended.set()
            arrived.notify()

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        while True:
            with arrived:
                arrived.wait_for(lambda: latest or ended.is_set())
                if not latest:
                    return
                found = latest.pop()
            yield found
    finally:
        left.set()
        thread.join()
