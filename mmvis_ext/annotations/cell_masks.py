"""The masks of a frame of the Cell Tracking Challenge: gold and silver ones under the labels of the tracks."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .tif import MOST_LABELS, labels_in

__all__ = ["FrameMasks", "border_band", "gold_in_tracks", "join_masks", "silver_in_tracks"]


class FrameMasks(NamedTuple):
    """What is known about the pixels of a frame.

    Attributes:
        labels: (H, W) uint16, the label of the track whose mask has the pixel, 0 for none.
        void: (H, W) bool, pixels of which it is not known what they show; none of them has a label.
    """

    labels: np.ndarray
    void: np.ndarray


def gold_in_tracks(gold: np.ndarray, markers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give gold masks, whose labels are their own, the labels of the tracks.

    A mask belongs to the marker of which it covers more than half, as in the challenge's measures. One that covers no
    marker, or several, belongs to none.

    Args:
        gold: (H, W) uint16.
        markers: (H, W) uint16.

    Returns:
        (H, W) uint16, in the tracks' labels, and the labels in ``gold`` of the masks that belong to no track, (n,).
    """
    areas = np.bincount(markers.ravel(), minlength=MOST_LABELS + 1)
    both = (gold > 0) & (markers > 0)
    pairs, shared = np.unique(gold[both] * np.int64(MOST_LABELS + 1) + markers[both], return_counts=True)
    owners, owned = np.divmod(pairs, MOST_LABELS + 1)
    much = 2 * shared > areas[owned]
    owners, owned = owners[much], owned[much]
    once = np.bincount(owners, minlength=MOST_LABELS + 1)[owners] == 1
    track = np.zeros(MOST_LABELS + 1, np.uint16)
    track[owners[once]] = owned[once]
    labels = labels_in(gold)
    return track[gold], labels[track[labels] == 0]


def silver_in_tracks(silver: np.ndarray, markers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Leave out silver masks, which have the tracks' labels, where the track has no marker.

    Args:
        silver: (H, W) uint16.
        markers: (H, W) uint16.

    Returns:
        (H, W) uint16, and the labels of the masks that are left out, (n,).
    """
    strange = np.setdiff1d(labels_in(silver), labels_in(markers))
    return np.where(np.isin(silver, strange), 0, silver).astype(np.uint16), strange


def join_masks(markers: np.ndarray, sources: Sequence[np.ndarray], unknown: np.ndarray) -> FrameMasks:
    """One mask for each track.

    A track has the mask of the first source that shows it, and a pixel that two tracks claim goes to the one whose mask
    is from the earlier source. The marker of a track without a mask says where the cell is but not how far it reaches:
    it is void.

    Args:
        markers: (H, W) uint16.
        sources: (H, W) uint16 each, in the tracks' labels; the preferred one first.
        unknown: (H, W) bool, what else is void where no mask is.
    """
    labels, taken = np.zeros_like(markers), np.zeros(0, np.uint16)
    chosen = []
    for source in sources:
        own = np.setdiff1d(labels_in(source), taken)
        taken = np.concatenate([taken, own])
        chosen.append((source, own))
    for source, own in reversed(chosen):
        np.copyto(labels, source, where=np.isin(source, own))
    void = (unknown | ((markers > 0) & ~np.isin(markers, taken))) & (labels == 0)
    return FrameMasks(labels, void)


def border_band(height: int, width: int, border: int) -> np.ndarray:
    """(H, W) bool, the pixels that are less than ``border`` pixels away from the frame's edge."""
    band = np.ones((height, width), bool)
    band[border : height - border, border : width - border] = False
    return band
