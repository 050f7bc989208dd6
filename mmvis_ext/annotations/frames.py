"""Reads frames from disk; one that is missing or truncated is an error that names it."""

import re
from collections.abc import Callable

import cv2
import numpy as np

from mmvis_ext.utils.errors import InputError

__all__ = ["load_frame"]

PNG = b"\x89PNG\r\n\x1a\n"
MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")  # of a JPEG: inside compressed data only these end it
START, END = 0xD8, 0xD9


def load_frame(read: Callable[[], bytes], where: str) -> np.ndarray:
    """Read and decode one frame.

    Args:
        read: returns the content of the file.
        where: names the file, the video and the frame for the error message.

    Returns:
        (H, W, 3) uint8 BGR.

    Raises:
        InputError: the file is missing, cannot be read, is truncated or no image.
    """
    try:
        content = read()
    except FileNotFoundError:
        raise InputError(
            f"{where}: the frame is missing; check data_root and data_prefix, or fetch the frame again."
        ) from None
    except OSError as error:
        raise InputError(f"{where}: the frame cannot be read ({error.strerror}); check its permissions.") from None
    image = None if _truncated(content) else cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise InputError(f"{where}: the frame is truncated or not an image; fetch it again.")
    return image


def _truncated(content: bytes) -> bool:
    """Whether a JPEG or PNG lacks its end; decoders fill what is missing with grey and say nothing.

    What follows the end, such as a camera's trailer or the film of a motion photo, is no part of the picture.
    """
    if content[:2] == b"\xff\xd8":
        return not _jpeg_ends(content)
    if content[:8] == PNG:
        return not _png_ends(content)
    return not content


def _jpeg_ends(content: bytes) -> bool:
    """Walk from marker to marker, past segments of a stated length and compressed data, to the end of the image."""
    place = 2
    while (found := MARKER.search(content, place)) is not None:
        marker, place = found[1][0], found.end()
        if marker == END:
            return True
        if marker != START and marker != 0x01:  # the markers without a segment
            place += int.from_bytes(content[place : place + 2], "big")
    return False


def _png_ends(content: bytes) -> bool:
    """Walk from chunk to chunk (length, type, content, checksum) to the end chunk."""
    place = len(PNG)
    while place + 12 <= len(content):
        if content[place + 4 : place + 8] == b"IEND":
            return True
        place += 12 + int.from_bytes(content[place : place + 4], "big")
    return False
