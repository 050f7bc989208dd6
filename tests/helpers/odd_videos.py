"""Video files of kinds that OpenCV does not write, made with PyAV."""

import struct
from fractions import Fraction

import av
import numpy as np

__all__ = ["halves", "turned", "write_video"]


def halves(t: int = 0, size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """(H, W, 3) uint8: bright above, dark below, and brighter with time."""
    frame = np.zeros((*size, 3), np.uint8)
    frame[: size[0] // 2] = 120 + 10 * t
    return frame


def write_video(path, codec="libx264", pixels="yuv420p", times=(0, 100, 200, 300), size=(48, 64)):
    """Write :func:`halves` with times in milliseconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.height, stream.width, stream.pix_fmt = *size, pixels
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for t, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(halves(t, size), "rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def turned(content: bytes) -> bytes:
    """An mp4 that says it is to be shown turned by a quarter, as phones write them: with another matrix in ``tkhd``."""
    at = content.index(b"tkhd") + 4 + 4 + 20 + 8 + 8  # version and flags, times and ids, reserved, layer and volume
    one, matrix = 1 << 16, struct.unpack_from(">9i", content, at)
    assert matrix == (one, 0, 0, 0, one, 0, 0, 0, 1 << 30)
    quarter = struct.pack(">9i", 0, one, 0, -one, 0, 0, 48 << 16, 0, 1 << 30)
    return content[:at] + quarter + content[at + 36 :]
