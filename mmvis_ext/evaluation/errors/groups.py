"""How objects of different sizes and lengths are found."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mmvis_ext.evaluation.ytvis_ap import AREA_RANGES

from .judged import JudgedVideo

__all__ = ["LENGTHS", "SIZES", "Group", "groups"]

SIZES = dict(zip(("small", "medium", "large"), AREA_RANGES[1:], strict=True))
"""Mean area of an object in pixels, from and to; those of AP."""

LENGTHS = {"up to 10 frames": (0, 10), "11 to 30 frames": (11, 30), "more than 30 frames": (31, 1e10)}
"""Number of frames that show an object, from and to."""


class Group(NamedTuple):
    """Ground truths of a size or a length.

    Attributes:
        name: of the group.
        number: of ground truths in it.
        found: share that is found at IoU 0.5, 0..1.
        recall: the same, mean over the thresholds of AP.
        lost: numbers of the others by the kind of error that cost them, at IoU 0.5.
    """

    name: str
    number: int
    found: float
    recall: float
    lost: dict[str, int]


def groups(videos: Sequence[JudgedVideo]) -> list[Group]:
    """The :data:`SIZES` and :data:`LENGTHS` that have ground truths.

    An area at the end of two sizes belongs to the smaller one, so that each object is counted once.
    """
    rows = [row for video in videos for row in _rows(video)]
    out = []
    for which, ranges in enumerate((SIZES, LENGTHS)):
        ends = [high for _, high in ranges.values()]
        for place, name in enumerate(ranges):
            mine = [row for row in rows if np.searchsorted(ends, row[which]) == place]
            if mine:
                recall, lost = float(np.mean([row[2] for row in mine])), Counter(row[3] for row in mine)
                found = lost.pop("", 0) / len(mine)
                out.append(Group(name, len(mine), found, recall, dict(lost)))
    return out


def _rows(video: JudgedVideo) -> list[tuple[float, int, float, str]]:
    """Area, length, share of the thresholds at which it is found, and fate of each ground truth."""
    return [
        (truth.area, int((truth.tube.areas > 0).sum()), float((video.given == g).any(axis=1).mean()), fate)
        for g, (truth, fate) in enumerate(zip(video.truths, video.fates(), strict=True))
    ]
