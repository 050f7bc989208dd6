"""What people draw, as masks: polygons, circles, boxes and patches of pixels."""

import math
from collections.abc import Sequence

import numpy as np
from pycocotools import mask as coco_mask

from mmvis_ext.annotations.checks import is_number
from mmvis_ext.structures.rle import RLE, encode, to_rle
from mmvis_ext.utils.errors import InputError

__all__ = ["box_rle", "circle_rle", "joined", "patch_rle", "polygon_rle", "row_major_patch"]

CORNERS = 72  # of the polygon that stands for a circle; it misses at most a thousandth of the radius
Size = tuple[int, int]


def polygon_rle(points: Sequence[Sequence[float]], size: Size, where: str) -> RLE | None:
    """The mask of a polygon; ``None`` if it covers no pixel.

    Args:
        points: at least three (x, y) in pixels, where a pixel's left upper corner has whole numbers.
        size: (H, W) of the frame.
        where: names the shape in the error.

    Raises:
        InputError: see :func:`to_rle`.
    """
    return to_rle([[value for point in points for value in point]] if points else [[]], *size, where)


def circle_rle(centre: Sequence[float], radius: float, size: Size, where: str) -> RLE | None:
    """The mask of a circle, whose ``centre`` (x, y) and ``radius`` are in pixels; see :func:`polygon_rle`."""
    turns = [2 * math.pi * i / CORNERS for i in range(CORNERS)]
    points = [(centre[0] + radius * math.cos(turn), centre[1] + radius * math.sin(turn)) for turn in turns]
    return polygon_rle(points, size, where)


def box_rle(box: Sequence[float], size: Size) -> RLE | None:
    """The mask of all pixels of a box, xyxy in pixels, whose ends are rounded; ``None`` if there are none."""
    x1, x2 = (min(max(round(x), 0), size[1]) for x in box[::2])
    y1, y2 = (min(max(round(y), 0), size[0]) for y in box[1::2])
    if x1 >= x2 or y1 >= y2:
        return None
    return to_rle([[x1, y1, x2, y1, x2, y2, x1, y2]], *size, "box")


def patch_rle(patch: np.ndarray, left: int, top: int, size: Size, where: str) -> RLE | None:
    """The mask of a patch of pixels that lies in the frame; ``None`` if it has no pixel.

    Args:
        patch: (h, w), true or not 0 where the object is.
        left: column of the patch's first pixel in the frame.
        top: its row.
        size: (H, W) of the frame.
        where: names the shape in the error.

    Raises:
        InputError: the patch sticks out of the frame.
    """
    height, width = patch.shape
    if left < 0 or top < 0 or left + width > size[1] or top + height > size[0]:
        raise InputError(
            f"{where}: a mask of {width}x{height} pixels at ({left}, {top}) sticks out of the frame of "
            f"{size[1]}x{size[0]}; correct its place or the frame's size."
        )
    mask = np.zeros((1, *size), np.uint8)
    mask[0, top : top + height, left : left + width] = patch != 0
    return encode(mask)[0] if mask.any() else None


def row_major_patch(runs: Sequence[float], height: int, width: int, where: str) -> np.ndarray:
    """A patch of pixels from runs that go row by row, of background and object in turn, as CVAT writes them.

    Args:
        runs: lengths in pixels; the first one is of the background.
        height: of the patch in pixels.
        width: of the patch in pixels.
        where: names the shape in the error.

    Returns:
        (height, width) bool.

    Raises:
        InputError: the runs do not fill the patch.
    """
    whole = all(is_number(run) and run >= 0 and run == int(run) for run in runs)
    if not whole or sum(runs) != height * width:
        raise InputError(f"{where}: the runs of its mask do not fill {width}x{height} pixels; export it again.")
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, np.array(runs, dtype=np.int64)).reshape(height, width)


def joined(masks: Sequence[RLE]) -> RLE:
    """The union of masks of one size."""
    if len(masks) == 1:
        return masks[0]
    union = coco_mask.merge(list(masks))
    return {"size": list(union["size"]), "counts": union["counts"].decode()}
