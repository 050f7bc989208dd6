"""Reads frames from disk; one that is missing or truncated is an error that names it.

A camera that was turned says so in the EXIF data of a photo, and viewers turn the picture. So do the readers here, with
one exception: where annotations have the size of the stored pixels and not of the turned picture, as happens with a
quarter turn, the pixels are taken as they are stored.
"""

import re
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from PIL import Image

from mmvis_ext.utils.errors import InputError

from .picture import open_picture
from .tif import decode_tif, is_tif

__all__ = ["frame_sizes", "load_frame", "sequence_size"]

Size = tuple[int, int]  # height and width in pixels
ORIENTATION = 0x0112  # EXIF's tag; from 5 on the picture is to be turned by a quarter

PNG = b"\x89PNG\r\n\x1a\n"
MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")  # of a JPEG: inside compressed data only these end it
START, END = 0xD8, 0xD9


def load_frame(read: Callable[[], bytes], where: str, size: Size | None = None) -> np.ndarray:
    """Read and decode one frame.

    Args:
        read: returns the content of the file.
        where: names the file, the video and the frame for the error message.
        size: height and width in pixels of its annotations, if it has any.

    Returns:
        (H, W, 3) uint8 BGR. The grey values of a TIFF of 16 bits are stretched, see :func:`to_8_bits`.

    Raises:
        InputError: the file is missing, cannot be read, is truncated or no image, or has more pixels than a frame may
            have; see :func:`check_frame_size`.
    """
    try:
        content = read()
    except FileNotFoundError:
        raise InputError(
            f"{where}: the frame is missing; check data_root and data_prefix, or fetch the frame again."
        ) from None
    except OSError as error:
        raise InputError(f"{where}: the frame cannot be read ({error.strerror}); check its permissions.") from None
    if is_tif(content):
        return decode_tif(content, where)
    pixels = np.frombuffer(content, np.uint8)
    image = None if _truncated(content) or not _is_picture(content, where) else _decoded(pixels)
    if image is None:
        raise InputError(f"{where}: the frame is truncated or not an image; fetch it again.")
    if size is not None and image.shape[:2] != size == image.shape[1::-1]:
        stored = _decoded(pixels, cv2.IMREAD_IGNORE_ORIENTATION)
        image = image if stored is None or stored.shape[:2] != size else stored
    return image


def frame_sizes(path: str) -> tuple[Size, Size]:
    """Height and width in pixels of a frame, from its header: as viewers show it, and as its pixels are stored.

    Raises:
        OSError: there is no such file, or it is no image.
        InputError: it has more pixels than a frame may have; see :func:`check_frame_size`.
    """
    with open_picture(path, path) as image:
        stored, exif = (image.height, image.width), Image.Exif()
        exif.load(image.info.get("exif", b""))
    return (stored[::-1] if exif.get(ORIENTATION, 1) in (5, 6, 7, 8) else stored), stored


def _is_picture(content: bytes, where: str) -> bool:
    """Whether there is a picture, of a size that can be decoded."""
    try:
        with open_picture(content, where):
            return True
    except OSError:
        return False


def _decoded(pixels: np.ndarray, flags: int = 0) -> np.ndarray | None:
    try:
        return cv2.imdecode(pixels, cv2.IMREAD_COLOR | flags)
    except cv2.error:
        return None


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


def sequence_size(paths: Sequence[str], annotated: Size | None = None) -> Size:
    """Height and width in pixels of the frames of a sequence, from their headers; all must have the same size.

    Where EXIF data turns the frames, it is the size of the turned pictures, or of the stored pixels if the annotations
    have that size.

    Args:
        paths: of the frames, at least one.
        annotated: height and width of the annotations.

    Raises:
        InputError: a frame is no image, or has another size than the first.
    """
    first = None
    for path in paths:
        try:
            sizes = frame_sizes(path)
        except OSError:
            raise InputError(f"{path}: is no readable image; fetch the frame again.") from None
        first = first or (annotated if annotated in sizes else sizes[0])
        if first not in sizes:
            height, width = sizes[0]
            raise InputError(
                f"{path}: has {width}x{height} pixels, but the sequence's first frame {first[1]}x{first[0]}; one "
                "sequence has one size, so fetch it again."
            )
    assert first is not None
    return first
