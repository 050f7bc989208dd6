"""Text on pictures."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from .fonts import font_for, writable

__all__ = ["put_text", "text_size"]

Colour = tuple[int, int, int]


@lru_cache(maxsize=2048)
def _rendered(text: str, size: int) -> np.ndarray:
    """How much of each pixel a text covers, (h, w) float32 in 0..1; h depends on the font size only."""
    text = writable(text)
    font = font_for(text, size)
    ascent, descent = font.getmetrics()
    image = Image.new("L", (max(1, round(font.getlength(text))), ascent + descent))
    ImageDraw.Draw(image).text((0, 0), text, fill=255, font=font)
    coverage = np.asarray(image, dtype=np.float32) / 255
    coverage.setflags(write=False)
    return coverage


def text_size(text: str, size: int) -> tuple[int, int]:
    """Width and height in pixels that a text takes."""
    height, width = _rendered(text, size).shape
    return width, height


def put_text(image: np.ndarray, text: str, x: int, y: int, size: int, colour: Colour) -> None:
    """Write text into an (H, W, 3) uint8 image in place; parts outside the image are cut off.

    Args:
        image: modified in place.
        text: one line.
        x: left edge of the text in pixels.
        y: top edge of the text in pixels.
        size: font size in pixels.
        colour: RGB.
    """
    coverage = _rendered(text, size)
    top, left = max(0, -y), max(0, -x)
    region = image[max(0, y) : max(0, y + coverage.shape[0]), max(0, x) : max(0, x + coverage.shape[1])]
    alpha = coverage[top : top + region.shape[0], left : left + region.shape[1], None]
    region[:] = np.rint(region * (1 - alpha) + np.array(colour, np.float32) * alpha)
