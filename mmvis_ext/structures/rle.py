"""Run-length encoded masks, always in COCO's compressed form with ``counts`` as ``str`` (so JSON can hold it)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from mmvis_ext.errors import InputError

__all__ = ["RLE", "box_masks", "boxes_of", "decode", "encode", "to_rle"]

RLE = dict[str, Any]


def encode(masks: np.ndarray) -> list[RLE]:
    """Encode binary masks.

    Args:
        masks: (n, H, W), bool or uint8.

    Returns:
        n dicts with ``size`` ``[H, W]`` and ``counts`` ``str``.
    """
    stacked = np.asfortranarray(np.moveaxis(masks.astype(np.uint8, copy=False), 0, -1))
    return [{"size": list(r["size"]), "counts": r["counts"].decode()} for r in coco_mask.encode(stacked)]


def decode(rles: Sequence[RLE | None], height: int, width: int) -> np.ndarray:
    """Decode masks; ``None`` gives an empty one.

    Returns:
        (n, height, width) uint8.
    """
    out = np.zeros((len(rles), height, width), dtype=np.uint8)
    for i, rle in enumerate(rles):
        if rle is not None:
            out[i] = coco_mask.decode(rle)
    return out


def boxes_of(rles: Sequence[RLE | None]) -> np.ndarray:
    """Tight boxes of masks.

    Returns:
        (n, 4) float32 xyxy in pixels; zeros for ``None`` and for an empty mask.
    """
    boxes = np.zeros((len(rles), 4), dtype=np.float32)
    present = [i for i, rle in enumerate(rles) if rle is not None]
    if present:
        xywh = coco_mask.toBbox([rles[i] for i in present])
        boxes[present] = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
    return boxes


def box_masks(boxes: np.ndarray, visible: np.ndarray, height: int, width: int) -> list[RLE | None]:
    """Masks that fill their boxes, to draw a track that has boxes alone.

    Args:
        boxes: (n, 4) xyxy in pixels.
        visible: (n,) bool; the others give ``None``.
        height: of the frames, pixels.
        width: of the frames, pixels.
    """
    out: list[RLE | None] = []
    for (x1, y1, x2, y2), shown in zip(np.rint(boxes).astype(int), visible, strict=True):
        mask = np.zeros((1, height, width), dtype=np.uint8)
        mask[0, max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = 1
        out.append(encode(mask)[0] if shown and mask.any() else None)
    return out


def to_rle(segmentation: Any, height: int, width: int, where: str) -> RLE | None:
    """Read one frame's ``segmentation`` in any of the forms that the official files use.

    Args:
        segmentation: ``None`` (absent), polygons, uncompressed RLE (list counts) or compressed RLE.
        height: frame height in pixels.
        width: frame width in pixels.
        where: names the file, annotation and frame for the error message.

    Returns:
        Compressed RLE, or ``None`` where the object is absent or its mask is empty.

    Raises:
        InputError: the form is unknown, the size differs from the frame's, or the counts do not fill the frame.
    """
    if segmentation is None or segmentation == []:
        return None
    if isinstance(segmentation, list):
        rle = _from_polygons(segmentation, height, width, where)
    elif isinstance(segmentation, dict) and {"size", "counts"} <= segmentation.keys():
        rle = _from_rle(segmentation, height, width, where)
    else:
        raise InputError(
            f"{where}: a segmentation is null, polygons or an RLE with 'size' and 'counts', "
            f"not {type(segmentation).__name__}; mend the file."
        )
    return rle if coco_mask.area(rle) else None


def _from_polygons(polygons: list, height: int, width: int, where: str) -> RLE:
    polygons = [polygons] if isinstance(polygons[0], int | float) else polygons
    furthest = 10 * max(height, width)  # pycocotools crashes on coordinates that overflow
    for polygon in polygons:
        if (
            not isinstance(polygon, list)
            or len(polygon) < 6
            or len(polygon) % 2
            or not all(isinstance(v, int | float) and abs(v) <= furthest for v in polygon)
        ):
            raise InputError(
                f"{where}: a polygon is a list of at least three x, y pairs of numbers in or near the frame; mend it."
            )
    merged = coco_mask.merge(coco_mask.frPyObjects(polygons, height, width))
    return {"size": [height, width], "counts": merged["counts"].decode()}


def _from_rle(rle: dict, height: int, width: int, where: str) -> RLE:
    size, counts = rle["size"], rle["counts"]
    if size != [height, width] and size != (height, width):
        raise InputError(
            f"{where}: the RLE's size {size} differs from the frame's [height, width] = [{height}, {width}]; "
            "regenerate the mask or correct the video's width and height."
        )
    if isinstance(counts, list):
        if not all(isinstance(c, int) and c >= 0 for c in counts) or sum(counts) != height * width:
            raise InputError(
                f"{where}: the RLE's counts add up to another number than the frame's {height * width} pixels; "
                "regenerate the mask."
            )
        counts = coco_mask.frPyObjects({"size": [height, width], "counts": counts}, height, width)["counts"].decode()
    elif isinstance(counts, bytes | str):
        counts = counts.decode("ascii", "replace") if isinstance(counts, bytes) else counts
        if _compressed_pixels(counts) != height * width:
            raise InputError(
                f"{where}: the compressed RLE does not fill the frame's {height * width} pixels; regenerate the mask."
            )
    else:
        raise InputError(f"{where}: an RLE's 'counts' is a list or a string, not {type(counts).__name__}.")
    return {"size": [height, width], "counts": counts}


def _compressed_pixels(counts: str) -> int:
    """Number of pixels that COCO's compressed counts describe, or -1 where they are malformed.

    pycocotools trusts its input: a string that runs past the frame reads and writes outside its buffers,
    so the sum is checked before anything is decoded. It shifts in 32 bits, so a number has at most six characters.
    """
    runs: list[int] = []
    value = shift = 0
    for char in counts:
        code = ord(char) - 48
        if not 0 <= code < 64:
            return -1
        value |= (code & 0x1F) << shift
        shift += 5
        if shift > 30:
            return -1
        if not code & 0x20:
            if code & 0x10:
                value -= 1 << shift
            if len(runs) > 2:
                value += runs[-2]
            if value < 0:
                return -1
            runs.append(value)
            value = shift = 0
    return sum(runs) if shift == 0 else -1
