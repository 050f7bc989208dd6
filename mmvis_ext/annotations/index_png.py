"""Indexed PNGs as DAVIS has them, each with the masks of all objects of a frame."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from mmvis_ext.utils.errors import InputError

__all__ = ["VOID", "davis_palette", "index_png", "read_index_map"]

VOID = 255
"""Index of the pixels that belong to nobody and that the evaluation leaves out."""


def davis_palette() -> list[int]:
    """Red, green and blue of the 256 indices, one after the other.

    The three lowest bits of an index are the highest bits of red, green and blue, the next three their second highest,
    and so on: 1 is (128, 0, 0), 2 is (0, 128, 0), 3 is (128, 128, 0).
    """
    return [
        sum((index >> (3 * bit + channel) & 1) << (7 - bit) for bit in range(3))
        for index in range(256)
        for channel in range(3)
    ]


def index_png(index_map: np.ndarray) -> bytes:
    """An index map, (H, W) uint8, as a PNG with DAVIS' palette."""
    image, buffer = Image.fromarray(index_map), io.BytesIO()
    image.putpalette(davis_palette())
    image.save(buffer, "PNG")
    return buffer.getvalue()


def read_index_map(path: str | Path) -> np.ndarray:
    """Read a PNG with a palette.

    Returns:
        (H, W) uint8: 0 is background, 1, 2, ... are objects, 255 is void.

    Raises:
        InputError: the file is missing, truncated or no image, or it has no palette.
    """
    try:
        with Image.open(path) as image:
            if image.mode != "P":
                raise InputError(
                    f"{path}: has no palette (its mode is {image.mode}), so its values are no object ids; save it as a "
                    "PNG with a palette, as DAVIS and Pascal VOC have them."
                )
            return np.array(image)
    except FileNotFoundError:
        raise InputError(f"{path}: the PNG is missing; write or fetch one for every frame.") from None
    except (OSError, SyntaxError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: the PNG is truncated or broken ({error}); fetch or write it again.") from None
