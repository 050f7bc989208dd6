"""DAVIS as files: lists of sequences, and masks of all objects in one PNG with a palette."""

import io
import os
from pathlib import Path

import numpy as np
from PIL import Image

from mmvis_ext.utils.errors import InputError

__all__ = ["VOID", "davis_palette", "index_png", "names_with", "read_index_map", "read_sequence_list"]

VOID = 255
"""Index of the pixels that belong to nobody and that the evaluation leaves out."""


def davis_palette() -> list[int]:
    """Red, green and blue of the 256 indices: the bits of the index, spread from the highest bit down."""
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


def read_sequence_list(path: str | Path) -> list[str]:
    """The sequences that a list in ``ImageSets`` names, one per line, in its order.

    Raises:
        InputError: there is no such list, it cannot be read, names nothing, or names a sequence twice.
    """
    try:
        names = [line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]
    except FileNotFoundError:
        raise InputError(f"{path}: no such list of sequences; check the path, or fetch DAVIS' ImageSets.") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not a text file; give one of the lists in ImageSets.") from None
    if not names:
        raise InputError(f"{path}: names no sequence; fetch the list again.")
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise InputError(f"{path}: names '{twice}' twice; remove one of the lines.")
    odd = next((name for name in names if name in (".", "..") or set(name) & set("/\\ \t")), None)
    if odd is not None:
        raise InputError(f"{path}: {odd[:80]!r} is no name of a sequence; give one of the lists in ImageSets/20*.")
    return names


def names_with(folder: str | Path, ending: str) -> list[str]:
    """Sorted names of a folder's files that have this ending, without it; nothing where there is no folder."""
    try:
        return sorted(name.removesuffix(ending) for name in os.listdir(folder) if name.endswith(ending))
    except (FileNotFoundError, NotADirectoryError):
        return []
