"""Where in time results and ground truths of a video overlap."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mmvis_ext.structures import Tube, shared_pixels

from .kinds import PART, WELL

__all__ = ["Overlaps", "overlaps_of"]


@dataclass(frozen=True)
class Overlaps:
    """The overlaps of D results and G ground truths, frame by frame.

    Attributes:
        shared: (T, D, G) pixels in both.
        found: (T, D) pixels of each result; zero where it is absent.
        truth: (T, G) pixels of each ground truth; zero where it is absent.
    """

    shared: np.ndarray
    found: np.ndarray
    truth: np.ndarray

    @cached_property
    def union(self) -> np.ndarray:
        """(T, D, G) pixels in one of them or in both."""
        return self.found[:, :, None] + self.truth[:, None] - self.shared

    @cached_property
    def iou(self) -> np.ndarray:
        """(D, G) tube IoU, that of :func:`tube_ious`."""
        return _ratio(self.shared.sum(axis=0), self.union.sum(axis=0))

    @cached_property
    def own_iou(self) -> np.ndarray:
        """(D, G) tube IoU in the frames that the result shows: how well it covers the truth while it is there."""
        shown = self.found[:, :, None] > 0
        return _ratio(self.shared.sum(axis=0), np.where(shown, self.union, 0).sum(axis=0))

    @cached_property
    def lies_well(self) -> np.ndarray:
        """(D, G) bool, the result covers the truth well, in the whole video or while it is there."""
        return (self.iou >= WELL) | (self.own_iou >= WELL)

    def pieces(self, threshold: float) -> np.ndarray:
        """The ground truths between which a result switches.

        In each of its frames a result belongs to the truth with the highest IoU there, if that is at least
        :data:`WELL`. A truth is a piece of the result if it has at least the share :data:`PART` of the result's frames,
        and the IoU over these frames is at least ``threshold``.

        Returns:
            (D, G) bool; a result with fewer than two pieces has none.
        """
        if not self.truth.shape[1]:
            return np.zeros(self.iou.shape, bool)
        ious = _ratio(self.shared, self.union)
        first = ious.argmax(axis=2)[..., None] == np.arange(ious.shape[2])
        mine = first & (ious >= WELL)
        enough = mine.sum(axis=0) >= PART * (self.found > 0).sum(axis=0)[:, None]
        inside = _ratio(np.where(mine, self.shared, 0).sum(axis=0), np.where(mine, self.union, 0).sum(axis=0))
        pieces = enough & mine.any(axis=0) & (inside >= threshold)
        return pieces & (pieces.sum(axis=1) >= 2)[:, None]

    def parts(self, rows: Sequence[int], column: int, threshold: float) -> list[int]:
        """The results that together make up a ground truth.

        A part covers the truth with an IoU of at least ``threshold`` in the frames that it shows. Parts take turns: at
        most half of the frames of one are shown by those before it, and at least the share :data:`PART` of the truth's
        frames is new.

        Args:
            rows: results that may be parts, best first.
            column: the ground truth.
            threshold: also what the parts reach once they are joined, each frame taken from the first that shows it.

        Returns:
            At least two of ``rows``, or none.
        """
        parts, taken = [], np.zeros(len(self.truth), bool)
        shared = area = 0.0
        for d in rows:
            shown = self.found[:, d] > 0
            new = shown & ~taken
            turns = 2 * new.sum() >= shown.sum() and new.sum() >= PART * (self.truth[:, column] > 0).sum()
            if self.own_iou[d, column] >= threshold and turns:
                parts.append(d)
                taken |= shown
                shared += self.shared[new, d, column].sum()
                area += self.found[new, d].sum()
        union = self.truth[:, column].sum() + area - shared
        return parts if len(parts) > 1 and shared >= threshold * union else []


def overlaps_of(results: Sequence[Tube], truths: Sequence[Tube], length: int) -> Overlaps:
    """The overlaps of tubes of masks in a video of ``length`` frames."""
    shared = np.zeros((length, len(results), len(truths)))
    if results and truths:
        for t in range(length):
            shared[t] = shared_pixels(results, truths, t)
    found, truth = (np.array([tube.areas for tube in tubes]).reshape(-1, length).T for tubes in (results, truths))
    return Overlaps(shared, found.astype(float), truth.astype(float))


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
