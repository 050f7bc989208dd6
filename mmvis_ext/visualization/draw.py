"""Drawing tracks on a frame."""

import math
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from pycocotools import mask as coco_mask

from mmvis_ext.structures import RLE, boxes_of

from .palette import colour
from .text import put_text, text_size

__all__ = ["draw_tracks", "readable_scale", "resized"]

FILL = 0.5  # opacity of a mask
READABLE = 240  # smallest shorter side in pixels at which captions do not cover too much of the picture
Colour = tuple[int, int, int]
Rectangle = tuple[int, int, int, int]  # x, y, width, height in pixels


def draw_tracks(
    frame: np.ndarray,
    masks: Sequence[RLE | None],
    boxes: np.ndarray | None,
    ids: Sequence[int],
    captions: Sequence[str] | None = None,
    scale: float = 1.0,
    with_boxes: bool = False,
) -> np.ndarray:
    """Draw n tracks on one frame: a translucent mask, its contour, and a caption beside it.

    Args:
        frame: (H, W, 3) uint8 RGB; it is not changed.
        masks: n RLEs, at the frame's size or any other size, to which they are then resized; ``None`` for a track
            that is absent.
        boxes: (n, 4) xyxy in pixels of ``frame``; ``None`` computes them from masks of the frame's size.
        ids: n numbers that determine the colours, see :func:`colour`.
        captions: n short texts; an empty one is not written.
        scale: size of the result relative to the frame.
        with_boxes: draw the boxes too.

    Returns:
        A new (round(H * scale), round(W * scale), 3) uint8 RGB picture.
    """
    picture = resized(frame, scale)
    boxes = np.asarray(boxes_of(masks) if boxes is None else boxes, dtype=np.float64) * scale
    present = [i for i, mask in enumerate(masks) if mask is not None]
    present.sort(key=lambda i: -int(coco_mask.area(masks[i])))  # small ones on top
    thickness = max(2, round(min(picture.shape[:2]) / 270))
    for i in present:
        _draw_mask(picture, coco_mask.decode(masks[i]), colour(ids[i]), thickness)
    if with_boxes:
        for i in present:
            (x1, y1, x2, y2), line = np.rint(boxes[i]).astype(int).tolist(), max(1, thickness // 2)
            cv2.rectangle(picture, (x1, y1), (x2, y2), colour(ids[i]), line)
    taken: list[Rectangle] = []
    for i in present:
        if captions and captions[i]:
            taken.append(_draw_caption(picture, captions[i], boxes[i], colour(ids[i]), taken))
    return picture


def readable_scale(height: int, width: int) -> int:
    """Integer factor by which a frame should be enlarged so that captions are readable; 1 for most frames."""
    return max(1, math.ceil(READABLE / min(height, width)))


def resized(frame: np.ndarray, scale: float) -> np.ndarray:
    """A copy of an (H, W, C) or (H, W) picture, scaled by a factor."""
    if scale == 1:
        return frame.copy()
    size = (round(frame.shape[1] * scale), round(frame.shape[0] * scale))
    return cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA)


def _draw_mask(picture: np.ndarray, mask: np.ndarray, rgb: Colour, thickness: int) -> None:
    """Tint the pixels under a mask and draw its contour, in place.

    The pixels are converted to grey first: otherwise a red track on a blue object would look violet.
    """
    if mask.shape != picture.shape[:2]:
        soft = cv2.resize(mask * np.uint8(255), picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        mask = (soft > 127).astype(np.uint8)
    x, y, w, h = cv2.boundingRect(np.ascontiguousarray(mask))
    if not w:
        return
    inside = np.ascontiguousarray(mask[y : y + h, x : x + w])
    region = picture[y : y + h, x : x + w]
    tinted = cv2.applyColorMap(cv2.cvtColor(region, cv2.COLOR_RGB2GRAY), _tint(rgb))
    region[:] = cv2.copyTo(tinted, inside, region.copy())
    contours, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE, offset=(x, y))
    cv2.drawContours(picture, contours, -1, rgb, thickness, cv2.LINE_AA)


@lru_cache(maxsize=256)
def _tint(rgb: Colour) -> np.ndarray:
    """Lookup table from brightness to tinted colour, (256, 1, 3) uint8."""
    brightness = np.arange(256)[:, None, None]
    return np.rint(brightness * (1 - FILL) + np.array(rgb) * FILL).astype(np.uint8)


def _draw_caption(
    picture: np.ndarray, text: str, box: np.ndarray, rgb: Colour, taken: Sequence[Rectangle]
) -> Rectangle:
    """Write a caption on a filled rectangle of the track's colour, in place.

    Args:
        picture: (H, W, 3) uint8 RGB.
        text: the caption.
        box: (4,) xyxy of the object in pixels; the caption goes beside it.
        rgb: the track's colour.
        taken: rectangles of other captions, which are not covered if there is another place.

    Returns:
        The rectangle of this caption.
    """
    size = max(12, round(min(picture.shape[:2]) / 26))
    width, height = text_size(text, size)
    pad = max(2, size // 5)
    plate = (width + 2 * pad, height)
    x, y = _place(plate, box, picture.shape[:2], taken)
    corner = (x + plate[0] - 1, y + plate[1] - 1)
    cv2.rectangle(picture, (x, y), corner, rgb, cv2.FILLED)
    light = np.dot(rgb, (0.299, 0.587, 0.114)) > 120
    put_text(picture, text, x + pad, y, size, (0, 0, 0) if light else (255, 255, 255))
    return (x, y, *plate)


def _place(
    plate: tuple[int, int], box: np.ndarray, frame: tuple[int, int], taken: Sequence[Rectangle]
) -> tuple[int, int]:
    """Top left corner for a caption of size ``plate``: where it is free, above its box, else below, else inside."""
    (w, h), (x1, y1, _, y2) = plate, np.rint(box).astype(int).tolist()
    x = max(0, min(x1, frame[1] - w))
    places = [(x, y) for y in (y1 - h - 1, y2 + 2, y1 + 1, y1 + 1 + h) if 0 <= y <= frame[0] - h]
    free = [(x, y) for x, y in places if not any(_overlap((x, y, w, h), other) for other in taken)]
    return (free or places or [(x, max(0, min(y1, frame[0] - h)))])[0]


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]
