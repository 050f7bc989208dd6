"""Run-length encoded masks, always in COCO's compressed form with ``counts`` as ``str`` (so JSON can hold it)."""

from collections.abc import Callable, Sequence
from operator import sub
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from mmvis_ext.utils.errors import InputError

__all__ = ["RLE", "box_masks", "boxes_of", "decode", "encode", "encode_columns", "legal_counts", "to_rle", "to_rles"]

RLE = dict[str, Any]

LONGEST_OUTLINE = 100  # times the width and height of the frame together; those of COCO stay below 5
LONGEST_NUMBER = 6  # characters of five bits each; pycocotools decodes a number into 32 bits


def encode(masks: np.ndarray) -> list[RLE]:
    """Encode binary masks.

    Args:
        masks: (n, H, W), bool or uint8.

    Returns:
        n dicts with ``size`` ``[H, W]`` and ``counts`` ``str``.
    """
    return encode_columns(np.ascontiguousarray(masks.swapaxes(1, 2)))


def encode_columns(columns: np.ndarray) -> list[RLE]:
    """Encode binary masks that lie in memory as COCO goes through them, column by column.

    Args:
        columns: (n, W, H), bool or uint8, contiguous.

    Returns:
        See :func:`encode`.
    """
    pixels = columns.view(np.uint8) if columns.dtype == bool else columns.astype(np.uint8, copy=False)
    return [
        {"size": list(r["size"]), "counts": r["counts"].decode()} for r in coco_mask.encode(pixels.transpose(2, 1, 0))
    ]


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
        InputError: the form is unknown, the size differs from the frame's, the counts do not fill the frame, or the
            outlines of polygons are far longer than any object needs.
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
            f"not {type(segmentation).__name__}; correct it in the file."
        )
    return rle if coco_mask.area(rle) else None


def to_rles(segmentations: Sequence[Any], height: int, width: int, where: Callable[[int], str]) -> list[RLE | None]:
    """:func:`to_rle` for all frames of a track.

    Compressed masks, which are what results hold, are checked all at once; anything else is converted, or refused, one
    frame at a time.

    Args:
        segmentations: one per frame.
        height: frame height in pixels.
        width: frame width in pixels.
        where: names the file, annotation and frame, given the frame's number, for the error message.

    Raises:
        InputError: see :func:`to_rle`.
    """
    present = [t for t, s in enumerate(segmentations) if s is not None]
    masks = [segmentations[t] for t in present]
    plain = all(
        isinstance(s, dict) and s.get("size") == [height, width] and isinstance(s.get("counts"), str) for s in masks
    )
    if not (plain and legal_counts([s["counts"] for s in masks], height * width)):
        return [to_rle(s, height, width, where(t)) for t, s in enumerate(segmentations)]
    out: list[RLE | None] = [None] * len(segmentations)
    if masks:
        for t, mask, area in zip(present, masks, coco_mask.area(masks), strict=True):
            out[t] = mask if area else None
    return out


def _from_polygons(polygons: list, height: int, width: int, where: str) -> RLE:
    polygons = [polygons] if type(polygons[0]) in (int, float) else polygons
    furthest = 10 * max(height, width)  # pycocotools crashes on coordinates that overflow
    for polygon in polygons:
        if (
            not isinstance(polygon, list)
            or len(polygon) < 6
            or len(polygon) % 2
            or not all(type(v) in (int, float) and abs(v) <= furthest for v in polygon)
        ):
            raise InputError(
                f"{where}: a polygon is a list of at least three x, y pairs of numbers in or near the frame; "
                "correct it."
            )
    if sum(map(_outline, polygons)) > LONGEST_OUTLINE * (height + width):
        raise InputError(
            f"{where}: the outlines of its polygons are longer than {LONGEST_OUTLINE} times the frame's width and "
            "height together; draw it with fewer points, or write the mask as an RLE."
        )
    merged = coco_mask.merge(coco_mask.frPyObjects(polygons, height, width))
    return {"size": [height, width], "counts": merged["counts"].decode()}


def _outline(polygon: list) -> float:
    """How far a polygon goes from point to point, across and down, in pixels; each point counts as one more.

    pycocotools walks along all of it in steps of a fifth of a pixel, and keeps each step in memory without a check.
    """
    return sum(map(abs, map(sub, polygon[2:] + polygon[:2], polygon))) + len(polygon) // 2


def _from_rle(rle: dict, height: int, width: int, where: str) -> RLE:
    size, counts = rle["size"], rle["counts"]
    if size != [height, width] and size != (height, width):
        raise InputError(
            f"{where}: the RLE's size {size} differs from the frame's [height, width] = [{height}, {width}]; "
            "regenerate the mask or correct the video's width and height."
        )
    if isinstance(counts, list):
        odd = next((c for c in counts if type(c) not in (int, float) or not (c >= 0 and c == c // 1)), None)
        if odd is not None:
            raise InputError(
                f"{where}: the RLE's counts hold {odd!r}, but are whole numbers from 0 on; regenerate the mask."
            )
        counts = [int(c) for c in counts]  # some writers give whole numbers as floats
        if sum(counts) != height * width:
            raise InputError(
                f"{where}: the RLE's counts add up to another number than the frame's {height * width} pixels; "
                "regenerate the mask."
            )
        counts = coco_mask.frPyObjects({"size": [height, width], "counts": counts}, height, width)["counts"].decode()
    elif isinstance(counts, bytes | str):
        counts = counts.decode("ascii", "replace") if isinstance(counts, bytes) else counts
        if not legal_counts([counts], height * width):
            raise InputError(
                f"{where}: the compressed RLE does not fill the frame's {height * width} pixels; regenerate the mask."
            )
    else:
        raise InputError(
            f"{where}: an RLE's 'counts' is a list or a string, not {type(counts).__name__}; regenerate the mask."
        )
    return {"size": [height, width], "counts": counts}


def legal_counts(counts: Sequence[str], pixels: int) -> bool:
    """Whether each of COCO's compressed strings describes a mask of exactly ``pixels`` pixels.

    pycocotools trusts its input: a string with a negative run, or one that runs past the frame, makes it read and
    write outside its buffers, or never return. So nothing is decoded before all its runs are known to be at least zero
    and to add up to the frame.

    A string holds numbers of one to six characters, six bits each: five of the value, the lowest first, and one that
    says whether more follow. From the fourth number on, a run is stored as its difference to the run two places before.

    Args:
        counts: any number of strings; they are checked at once, which is what makes this fast.
        pixels: of the frame.
    """
    if not counts:
        return True
    text = "".join(counts)
    if not text.isascii():
        return False
    codes = np.frombuffer(text.encode(), dtype=np.uint8) - np.uint8(48)
    if not all(counts) or codes.max() >= 64:
        return False
    stops = np.array([len(c) for c in counts]).cumsum()
    ends = np.flatnonzero(codes < 32)  # the last character of each number
    if (codes[stops - 1] >= 32).any():  # a number is cut off
        return False
    owners = stops.searchsorted(ends, side="right")  # the string of each number
    sizes = np.diff(ends, prepend=-1)
    if sizes.max() > LONGEST_NUMBER:
        return False
    values = codes[ends].astype(np.int64)
    values -= (values & 16) << 1  # the sign
    for back in range(1, sizes.max()):
        longer = np.flatnonzero(sizes > back)
        values[longer] = (values[longer] << 5) | (codes[ends[longer] - back] & 31)
    firsts = owners.searchsorted(np.arange(len(counts)))
    runs = _from_differences(values, owners, np.arange(len(values)) - firsts[owners])
    return bool((runs >= 0).all() and (np.add.reduceat(runs, firsts) == pixels).all())


def _from_differences(values: np.ndarray, owners: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(n,) runs from the (n,) stored numbers, with the string of each and its place in it.

    Places count from 0. The first number of a string is its run. Of the others, those with an odd place form one chain
    and those with an even place another, in which each run is the sum of the numbers so far.
    """
    chains = 3 * owners + np.where(places == 0, 0, 1 + places % 2)
    order = chains.argsort(kind="stable")
    sums = values[order].cumsum()
    begins = np.flatnonzero(np.diff(chains[order], prepend=-1))
    before = sums[begins] - values[order][begins]
    runs = np.empty_like(values)
    runs[order] = sums - np.repeat(before, np.diff(begins, append=len(values)))
    return runs
