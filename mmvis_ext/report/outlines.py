"""Masks as outlines, which a browser draws at any size and which are short to write."""

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from mmvis_ext.structures import RLE

__all__ = ["DIGITS", "outlines", "packed"]

SMOOTH = 0.7  # pixels of the page that an outline may be off
FINEST = 0.35  # pixels of the mask that it may always be off
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def outlines(rle: RLE | None, scale: float) -> list[list[int]]:
    """The outlines of a mask and of its holes; filled by the even-odd rule they are the mask.

    Args:
        rle: compressed, or ``None``.
        scale: pixels of the page per pixel of the mask.

    Returns:
        For each outline ``x, y`` of its first point, and then the step from each point to the next one, in whole
        pixels of the page.
    """
    if rle is None:
        return []
    left, top, width, height = coco_mask.toBbox(rle).astype(int)
    mask = np.ascontiguousarray(coco_mask.decode(rle)[top : top + height, left : left + width])
    found, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE, offset=(int(left), int(top)))
    out = []
    points: np.ndarray
    for outline in found:
        if len(outline) < 3:  # a pixel or a line of them
            (x1, y1), (x2, y2) = outline[:, 0].min(axis=0), outline[:, 0].max(axis=0) + 1
            points = np.array([(x1, y1), (x2, y1), (x2, y2), (x1, y2)]) * scale
        else:
            points = (cv2.approxPolyDP(outline, max(SMOOTH / scale, FINEST), closed=True)[:, 0] + 0.5) * scale
        whole = np.rint(points).astype(int)
        out.append(np.diff(whole, axis=0, prepend=0).ravel().tolist())
    return out


def packed(mask: list[list[int]]) -> str:
    """Outlines as a short text, which ``unpacked`` of ``tracks.js`` reads.

    A number n is 2n, or -2n - 1 below zero. It is written in digits of five bits, the lowest first, with 32 added to
    all but the last; :data:`DIGITS` has the character of each. A blank stands between outlines.
    """
    return " ".join("".join(map(_digits, steps)) for steps in mask)


def _digits(number: int) -> str:
    rest, text = 2 * number if number >= 0 else -2 * number - 1, ""
    while rest > 31:
        text += DIGITS[32 + rest % 32]
        rest //= 32
    return text + DIGITS[rest]
