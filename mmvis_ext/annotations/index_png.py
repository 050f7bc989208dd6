"""Indexed PNGs as DAVIS has them, each with the masks of all objects of a frame."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from mmvis_ext.utils.errors import InputError

from .picture import open_picture
from .tolerance import Tolerance

__all__ = [
    "VOID",
    "davis_palette",
    "foreground_png",
    "index_png",
    "read_foreground",
    "read_index_map",
    "read_index_map_size",
    "read_index_maps",
]

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


def foreground_png(foreground: np.ndarray) -> bytes:
    """A foreground, (H, W) uint8 in which 0 is background, as a grey PNG of 0 and 255, as DAVIS 2016 has them."""
    buffer = io.BytesIO()
    Image.fromarray(np.where(foreground != 0, np.uint8(255), np.uint8(0))).save(buffer, "PNG")
    return buffer.getvalue()


def read_index_map(path: str | Path) -> np.ndarray:
    """Read a PNG with a palette.

    Returns:
        (H, W) uint8: 0 is background, 1, 2, ... are objects, 255 is void.

    Raises:
        InputError: the file is missing, truncated or no image, or it has no palette.
    """
    index_map, mode = _read(path)
    if mode != "P":
        raise InputError(_no_palette(path, mode))
    return index_map


def read_foreground(path: str | Path) -> np.ndarray:
    """Read a PNG of DAVIS 2016, in which all that is not 0 is the object; it has a palette, or is grey or binary.

    Returns:
        (H, W) uint8: 0 is background, 1 is the object.

    Raises:
        InputError: the file is missing, truncated or no image, or has colours.
    """
    values, mode = _read(path)
    if mode not in ("P", "L", "1"):
        raise InputError(f"{path}: has colours (its mode is {mode}); save it as a grey PNG with 0 and 255.")
    return (values != 0).astype(np.uint8)


def read_index_map_size(path: str | Path) -> tuple[int, int]:
    """Height and width of a PNG in pixels, from its header.

    Raises:
        InputError: the file is missing or no image.
    """
    with _opened(path) as image:
        return image.height, image.width


def read_index_maps(paths: Sequence[str | Path], tolerance: Tolerance) -> Iterator[np.ndarray]:
    """Read the PNGs of one sequence, also grey ones (of mode L), whose values are taken for indices as they are.

    If all are grey and have no values but 0 and 255, as in DAVIS 2016, they are masks of one object: 255 becomes 1.

    Args:
        paths: of the PNGs, in time order.
        tolerance: counts the grey ones, or refuses them.

    Yields:
        (H, W) uint8, see :func:`read_index_map`.

    Raises:
        InputError: see :func:`read_index_map`; also for other modes than a palette and grey.
    """
    binary = all(map(_is_binary, paths))
    as_what = (
        "in which 255 is object 1, as they have no other values but 0" if binary else "whose values are the objects"
    )
    for path in paths:
        index_map, mode = _read(path)
        if mode not in ("P", "L"):
            raise InputError(_no_palette(path, mode))
        if mode == "L":
            tolerance.mend(f"grey PNGs (of mode L), {as_what}", str(path), _no_palette(path, mode))
        yield np.minimum(index_map, 1) if binary else index_map


def _is_binary(path: str | Path) -> bool:
    with _opened(path) as image:
        return image.mode == "L" and bool(np.isin(np.array(image), (0, VOID)).all())


def _no_palette(path: str | Path, mode: str) -> str:
    return (
        f"{path}: has no palette (its mode is {mode}), so its values are no object ids; save it as a PNG with a "
        "palette, as DAVIS and Pascal VOC have them."
    )


def _read(path: str | Path) -> tuple[np.ndarray, str]:
    """The values of a PNG, and its mode."""
    with _opened(path) as image:
        return np.array(image), image.mode


@contextmanager
def _opened(path: str | Path) -> Iterator[Image.Image]:
    try:
        with open_picture(path, str(path)) as image:
            yield image
    except FileNotFoundError:
        raise InputError(f"{path}: the PNG is missing; write or fetch one for every frame.") from None
    except OSError as error:
        raise InputError(
            f"{path}: the PNG is truncated or broken ({error.strerror or error}); fetch or write it again."
        ) from None
