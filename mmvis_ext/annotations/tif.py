"""TIFF files as microscopes write them: grey frames of 8 or 16 bits, and maps of labels."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from mmvis_ext.utils.errors import InputError

from .picture import open_picture

__all__ = ["MOST_LABELS", "decode_tif", "is_tif", "label_tif", "labels_in", "read_labels", "to_8_bits"]

MOST_LABELS = 2**16 - 1
DARKEST, BRIGHTEST = 0.1, 99.9  # percent of the pixels of a frame that are at most black, and at most white
STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # of TIFF and BigTIFF in either byte order
INTEGERS = ("I;16", "I;16B", "I;16L", "I;16N", "I")


def is_tif(content: bytes) -> bool:
    """Whether the content of a file begins like a TIFF."""
    return content[:4] in STARTS


def decode_tif(content: bytes, where: str) -> np.ndarray:
    """Decode a frame.

    Args:
        content: of the file: one picture, in colour or grey; grey ones may have 16 bits, see :func:`to_8_bits`.
        where: names the frame in the error message.

    Returns:
        (H, W, 3) uint8 BGR.

    Raises:
        InputError: it is truncated, broken or too large, holds several pictures, or has values that are no integers.
    """
    try:
        with open_picture(content, where) as image:
            _require_one(image, where)
            if image.mode in INTEGERS:
                grey = to_8_bits(np.array(image))
                return np.repeat(grey[..., None], 3, axis=2)
            return np.array(image.convert("RGB"))[..., ::-1].copy()
    except OSError:
        raise InputError(f"{where}: the frame is truncated or not an image; fetch it again.") from None


def to_8_bits(values: np.ndarray) -> np.ndarray:
    """Stretch the grey values of a frame of more than 8 bits to 0..255.

    Cameras use a small part of their range, so that the upper 8 bits alone would be nearly black. The value that 0.1 %
    of the frame's pixels do not exceed becomes 0 and the one that 99.9 % do not exceed becomes 255, with a straight
    line between; what lies outside is cut off. It depends on the frame alone: a stream gives what a folder gives.

    Args:
        values: (H, W) integers.

    Returns:
        (H, W) uint8.
    """
    low, high = (float(v) for v in np.percentile(values, (DARKEST, BRIGHTEST), method="nearest"))
    stretched = (values.astype(np.float32) - low) * (255 / max(high - low, 1))
    return np.rint(stretched.clip(0, 255)).astype(np.uint8)


def read_labels(path: str | Path) -> np.ndarray:
    """Read a map of labels.

    Returns:
        (H, W) uint16, 0 for the background.

    Raises:
        InputError: the file is missing, truncated or no TIFF, has several pictures, or values that are no labels.
    """
    with _opened(path) as image:
        if image.mode not in (*INTEGERS, "L"):
            raise InputError(
                f"{path}: is a picture of mode {image.mode}, whose values are no labels; save it as a grey TIFF of 8 "
                "or 16 bits."
            )
        values = np.array(image)
    if values.min() < 0 or values.max() > MOST_LABELS:
        raise InputError(f"{path}: has values outside 0..{MOST_LABELS}, which are no labels; number them within that.")
    return values.astype(np.uint16)


def labels_in(labels: np.ndarray) -> np.ndarray:
    """(n,) uint16, the labels of a (H, W) uint16 map in rising order, without the background."""
    counts = np.bincount(labels.ravel(), minlength=1)
    return np.flatnonzero(counts[1:]).astype(np.uint16) + np.uint16(1)


def label_tif(labels: np.ndarray) -> bytes:
    """A map of labels, (H, W) uint16, as a TIFF of 16 bits, compressed without loss."""
    buffer = io.BytesIO()
    Image.fromarray(labels).save(buffer, "TIFF", compression="tiff_adobe_deflate")
    return buffer.getvalue()


@contextmanager
def _opened(path: str | Path) -> Iterator[Image.Image]:
    try:
        with open_picture(path, str(path)) as image:
            if image.format != "TIFF":
                raise InputError(f"{path}: is no TIFF but {image.format}; save it as one, as the challenge has them.")
            _require_one(image, str(path))
            yield image
    except FileNotFoundError:
        raise InputError(f"{path}: the TIFF is missing; write or fetch one for every frame.") from None
    except OSError as error:
        raise InputError(
            f"{path}: the TIFF is truncated or broken ({error.strerror or error}); fetch or write it again."
        ) from None


def _require_one(image: Image.Image, where: str) -> None:
    """Refuse a stack, as volumes are stored, and values that are no integers."""
    if image.mode == "F":
        raise InputError(f"{where}: has values with a fraction; save it with 8 or 16 bits.")
    if getattr(image, "n_frames", 1) > 1:
        raise InputError(f"{where}: is a stack of several pictures; only flat frames are read, so save one a file.")
