"""One door to all sources of frames."""

from pathlib import Path

from mmvis_ext.utils.errors import InputError

from .file import VideoFile
from .folder import FrameFolder
from .live import LiveVideo
from .source import VideoSource

__all__ = ["is_address", "open_video"]

SCHEMES = ("http", "https", "rtmp", "rtsp", "rtsps", "rtp", "udp")


def open_video(source: str | Path | int) -> VideoSource:
    """Open a video for reading.

    Args:
        source: a video file; a folder of frames (jpg, png, bmp, webp, tif), which are sorted by the numbers in their
            names; the address of a stream, such as ``rtsp://...``; or the number of a camera.

    Raises:
        InputError: the path is missing, no file, not a video, or of a codec that OpenCV cannot decode; it has no frames
            or larger ones than are read (:func:`check_frame_size`); the folder holds two pictures of one frame; or the
            stream or camera cannot be opened.
    """
    if isinstance(source, int) or is_address(str(source)):
        return LiveVideo(source if isinstance(source, int) else str(source))
    path = Path(source)
    if not path.exists():
        if str(source).isdecimal():
            return LiveVideo(int(str(source)))
        raise InputError(f"{path}: no such video; check the path.")
    return FrameFolder(path) if path.is_dir() else VideoFile(path)


def is_address(text: str) -> bool:
    """Whether a text is the address of a stream."""
    return text.partition("://")[0].lower() in SCHEMES and "://" in text
