"""The two measures of DAVIS for all pairs of objects and proposals of a frame, and their statistics over time.

Masks come as index maps: masks of one map do not overlap, so one histogram holds all intersections, and one look at the
map finds all boundaries. The figures are those of the official code, which compares pair by pair.
"""

import math
from typing import NamedTuple

import cv2
import numpy as np

__all__ = ["Boundaries", "boundary_figures", "find_boundaries", "jaccards", "statistics", "tolerance", "within_reach"]

BOUND_TH = 0.008  # tolerance as a share of the frame's diagonal


def jaccards(truth: np.ndarray, result: np.ndarray, objects: int, proposals: int) -> np.ndarray:
    """Intersection over union of each object with each proposal; 1 where both are empty.

    Args:
        truth: (H, W) uint8 index map with values up to ``objects``.
        result: (H, W) uint8 index map with values up to ``proposals``.
        objects: number of objects.
        proposals: number of proposals.

    Returns:
        (objects, proposals) float.
    """
    pairs = truth.astype(np.int64).ravel() * (proposals + 1) + result.ravel()
    counts = np.bincount(pairs, minlength=(objects + 1) * (proposals + 1)).reshape(objects + 1, proposals + 1)
    both = counts[1:, 1:]
    either = counts[1:].sum(axis=1)[:, None] + counts[:, 1:].sum(axis=0) - both
    return np.where(either > 0, both / np.maximum(either, 1), 1.0)


class Boundaries(NamedTuple):
    """The boundaries of all masks of a map, as points.

    Attributes:
        rows: (P,) of the points.
        columns: (P,) of the points.
        owners: (n, P) bool, whether a point is on the boundary of mask 1, ..., n.
    """

    rows: np.ndarray
    columns: np.ndarray
    owners: np.ndarray


def find_boundaries(index_map: np.ndarray, number: int) -> Boundaries:
    """Boundaries by the official rule: a pixel that differs from its right, lower or lower right neighbour.

    In the last row only the right neighbour counts, in the last column only the lower one. Such a pixel is on the
    boundaries of all masks that meet there, so a point may have several owners.

    Args:
        index_map: (H, W) uint8 with values up to ``number``.
        number: of masks.
    """
    padded = np.pad(index_map, ((0, 1), (0, 1)), mode="edge")
    here, right, down, across = padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
    rows, columns = np.nonzero((here != right) | (here != down) | (here != across))
    four = np.stack([view[rows, columns] for view in (here, right, down, across)])
    masks = np.arange(1, number + 1, dtype=np.uint8)[:, None, None]
    return Boundaries(rows, columns, (four == masks).any(axis=1))


def tolerance(height: int, width: int) -> int:
    """How far apart two boundaries may be and still match: pixels."""
    return math.ceil(BOUND_TH * np.linalg.norm((height, width)))


def within_reach(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int], radius: int) -> np.ndarray:
    """Dilate points by a disk.

    Args:
        rows: (P,) of the points.
        columns: (P,) of the points.
        shape: (H, W) of the frame.
        radius: of the disk, pixels.

    Returns:
        (H, W) uint8, 1 where a point is at most ``radius`` away.
    """
    out = np.zeros(shape, np.uint8)
    if len(rows):
        top, left = max(rows.min() - radius, 0), max(columns.min() - radius, 0)
        crop = np.zeros((rows.max() + radius + 1 - top, columns.max() + radius + 1 - left), np.uint8)
        crop[rows - top, columns - left] = 1
        offsets = np.arange(-radius, radius + 1)
        disk = (offsets**2 + offsets[:, None] ** 2 <= radius**2).astype(np.uint8)
        window = out[top : top + crop.shape[0], left : left + crop.shape[1]]
        window[:] = cv2.dilate(crop, disk)[: window.shape[0], : window.shape[1]]
    return out


def boundary_figures(truth: np.ndarray, result: np.ndarray, objects: int, proposals: int) -> np.ndarray:
    """F-measure of the boundaries of each object with each proposal.

    It is 1 where neither has a boundary, and 0 where only one of them has.

    Args:
        truth: (H, W) uint8 index map with values up to ``objects``.
        result: (H, W) uint8 index map with values up to ``proposals``.
        objects: number of objects.
        proposals: number of proposals.

    Returns:
        (objects, proposals) float.
    """
    ours, theirs = find_boundaries(truth, objects), find_boundaries(result, proposals)
    lengths, their_lengths = ours.owners.sum(axis=1)[:, None], theirs.owners.sum(axis=1)
    height, width = truth.shape
    matched = _matches(ours, theirs, (height, width))
    recall = _matches(theirs, ours, (height, width)).T / np.maximum(lengths, 1)
    precision = matched / np.maximum(their_lengths, 1)
    figures = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
    return np.where((lengths == 0) & (their_lengths == 0), 1.0, figures)


def _matches(one: Boundaries, other: Boundaries, shape: tuple[int, int]) -> np.ndarray:
    """(n, m), how many boundary points of each mask of ``other`` match the boundary of each mask of ``one``."""
    radius = tolerance(*shape)
    reached = np.zeros((len(one.owners), len(other.rows)), np.float32)
    for row, mine in zip(reached, one.owners, strict=True):
        row[:] = within_reach(one.rows[mine], one.columns[mine], shape, radius)[other.rows, other.columns]
    return reached @ other.owners.T.astype(np.float32)


def statistics(values: np.ndarray) -> tuple[float, float, float]:
    """Mean, recall and decay of a measure over the T frames of an object, as the official code has them.

    Args:
        values: (T,) in 0..1; T is at least 1.

    Returns:
        The mean, the share of frames above 0.5, and the mean of the first quarter minus that of the last. Neighbouring
        quarters share a frame.
    """
    ends = (np.round(np.linspace(1, len(values), 5) + 1e-10) - 1).astype(int)
    first, last = values[ends[0] : ends[1] + 1], values[ends[3] : ends[4] + 1]
    return float(values.mean()), float((values > 0.5).mean()), float(first.mean() - last.mean())
