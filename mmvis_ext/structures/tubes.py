"""Tubes: an object's region in every frame of a video, and how much two tubes overlap in space and time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pycocotools import mask as coco_mask

from .rle import RLE

__all__ = ["Tube", "box_tube", "mask_tube", "shared_pixels", "tube_ious"]


@dataclass(frozen=True)
class Tube:
    """One object over the T frames of a video.

    Attributes:
        regions: T masks (``None`` where the object is absent), or (T, 4) float64 boxes xyxy (zeros where absent).
        areas: (T,) area of each region in pixels; zero where the object is absent.
    """

    regions: list[RLE | None] | np.ndarray
    areas: np.ndarray

    @property
    def mean_area(self) -> float:
        """Mean over the frames in which the area is not zero; zero for an object that is never there."""
        present = self.areas[self.areas > 0]
        return float(present.mean()) if len(present) else 0.0


def mask_tube(masks: list[RLE | None]) -> Tube:
    """A tube of compressed RLE masks."""
    areas = np.zeros(len(masks), dtype=np.int64)
    present = [t for t, mask in enumerate(masks) if mask is not None]
    if present:
        areas[present] = coco_mask.area([masks[t] for t in present])
    return Tube(masks, areas)


def box_tube(boxes: np.ndarray) -> Tube:
    """A tube of (T, 4) boxes xyxy."""
    boxes = boxes.astype(np.float64)
    return Tube(boxes, (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))


def tube_ious(results: Sequence[Tube], truths: Sequence[Tube], shares: np.ndarray | None = None) -> np.ndarray:
    """Overlap of every result with every ground truth of the same video.

    The sum over the frames of the intersections is divided by the sum over the frames of the unions (MaskTrack R-CNN,
    equation 4), so a frame in which only one of the two is present enlarges the union alone.

    Args:
        results: D tubes.
        truths: G tubes of the same kind.
        shares: (G,) bool, ground truths for which the overlap is the share of the result that lies inside: the sum of
            the intersections is divided by that of the result's areas.

    Returns:
        (D, G) float64 in 0..1; zero where neither tube has any area.
    """
    if not len(results) or not len(truths):
        return np.zeros((len(results), len(truths)))
    intersect = _box_intersections if isinstance(truths[0].regions, np.ndarray) else _mask_intersections
    shared = intersect(results, truths)
    volumes = np.array([r.areas.sum() for r in results], dtype=np.float64)[:, None]
    union = volumes + np.array([g.areas.sum() for g in truths]) - shared
    if shares is not None:
        union = np.where(shares, volumes, union)
    return np.divide(shared, union, out=np.zeros(shared.shape), where=union > 0)


def _mask_intersections(results: Sequence[Tube], truths: Sequence[Tube]) -> np.ndarray:
    """(D, G) shared pixels, summed over the frames."""
    total = np.zeros((len(results), len(truths)))
    for frame in range(len(truths[0].areas)):
        total += shared_pixels(results, truths, frame)
    return total


def shared_pixels(results: Sequence[Tube], truths: Sequence[Tube], frame: int) -> np.ndarray:
    """Pixels of one frame that lie in a result and in a ground truth; exact, and without decoding a mask.

    pycocotools walks the runs of both masks and returns, for a ground truth marked as a crowd, the share of the
    result's area that lies inside it. That share times the area is the number of shared pixels, but for a rounding
    error far below one half.

    Args:
        results: D tubes of masks.
        truths: G tubes of masks of the same video.
        frame: its number, from 0.

    Returns:
        (D, G) float64.
    """
    shared = np.zeros((len(results), len(truths)))
    rows = [i for i, r in enumerate(results) if r.areas[frame]]
    columns = [j for j, g in enumerate(truths) if g.areas[frame]]
    if rows and columns:
        masks = [results[i].regions[frame] for i in rows]
        inside = coco_mask.iou(masks, [truths[j].regions[frame] for j in columns], [1] * len(columns))
        areas = np.array([results[i].areas[frame] for i in rows])
        shared[np.ix_(rows, columns)] = np.rint(inside * areas[:, None])
    return shared


def _box_intersections(results: Sequence[Tube], truths: Sequence[Tube]) -> np.ndarray:
    """(D, G) shared area of the boxes, summed over the frames."""
    theirs = np.array([g.regions for g in truths])  # (G, T, 4)
    total = np.zeros((len(results), len(truths)))
    for row, result in zip(total, results, strict=True):
        ours = np.asarray(result.regions)  # (T, 4)
        low = np.maximum(ours[:, :2], theirs[..., :2])
        high = np.minimum(ours[:, 2:], theirs[..., 2:])
        row[:] = (high - low).clip(min=0).prod(axis=-1).sum(axis=-1)
    return total
