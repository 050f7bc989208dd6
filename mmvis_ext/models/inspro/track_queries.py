"""Track queries in training: which slots of a frame are followed in the next one, as in MOTR (InsPro, Table 2e)."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from mmdet.structures.bbox import bbox_overlaps
from torch import Tensor

from mmvis_ext.models.matching import Matches
from mmvis_ext.models.query import Propagated
from mmvis_ext.structures.tracklets import Tracklets

__all__ = ["NOBODY", "Followed", "TrackQueries", "TrackSelection", "sample_generator"]

NOBODY = -1
"""The object of a track query that follows none."""


class TrackQueries(NamedTuple):
    """Track queries (A,C) of the A objects that are being followed, and their proposals (A,4) in xyxy pixels."""

    queries: Tensor
    boxes: Tensor

    @classmethod
    def of(cls, carried: Propagated, slots: Tensor) -> "TrackQueries":
        """The track queries of the next frame: the slots with indices (A,) of ``carried``, which has B = 1."""
        return cls(carried.queries[0, slots], carried.boxes[0, slots])


class Followed(NamedTuple):
    """The slots of a frame that become track queries of the next frame, and the object that each of them follows.

    Attributes:
        slots: A indices of slots, those of the detect queries first.
        objects: A indices of ground truths, or :data:`NOBODY`.
    """

    slots: list[int]
    objects: list[int]


@dataclass(frozen=True)
class TrackSelection:
    """What makes training resemble a test, where objects are lost and background is followed.

    Attributes:
        min_iou: a slot is followed only if its box overlaps with that of its object by more than this; the object is
            then found anew in the next frame.
        drop: probability with which a slot with an object is not followed.
        false_positives: probability with which a slot that is followed brings a false one with it: of the slots without
            an object the one whose box overlaps most with its own. A new object may be matched with it later.
    """

    min_iou: float = 0.5
    drop: float = 0.1
    false_positives: float = 0.3

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not 0 <= value <= 1:
                raise ValueError(f"TrackSelection: {name}={value} must be in 0..1.")

    @torch.no_grad()
    def __call__(
        self, boxes: Tensor, before: Sequence[int], matches: Matches, truth: Tracklets, generator: torch.Generator
    ) -> Followed:
        """Choose the track queries of the next frame.

        Args:
            boxes: (S,4) xyxy pixels of the frame's slots in the last stage, those of the track queries at the end.
            before: the object of each of the frame's track queries, or :data:`NOBODY`.
            matches: the frame's matched slots and ground truths.
            truth: the frame's G ground truths, with T = 1.
            generator: of the random numbers, on the CPU.
        """
        first = len(boxes) - len(before)
        # an object out of sight keeps its track query
        owner = {first + i: g for i, g in enumerate(before) if g != NOBODY}
        owner |= dict(zip(matches.queries.tolist(), matches.targets.tolist(), strict=True))
        shown = truth.visible[:, 0].tolist()
        overlaps = bbox_overlaps(boxes[matches.queries], truth.boxes[matches.targets, 0], is_aligned=True)
        near = dict(zip(matches.queries.tolist(), (overlaps > self.min_iou).tolist(), strict=True))
        kept = [slot for slot, g in sorted(owner.items()) if not shown[g] or near.get(slot, False)]
        kept = [slot for slot, share in zip(kept, _uniform(len(kept), generator), strict=True) if share >= self.drop]
        false = self._false_positives(boxes, kept, sorted(set(range(len(boxes))) - set(owner)), generator)
        slots = sorted(kept + false)
        return Followed(slots, [owner.get(slot, NOBODY) for slot in slots])

    def _false_positives(
        self, boxes: Tensor, kept: list[int], free: list[int], generator: torch.Generator
    ) -> list[int]:  # fmt: skip
        chance = zip(kept, _uniform(len(kept), generator), strict=True)
        chosen = [slot for slot, share in chance if share < self.false_positives]
        if not chosen or len(chosen) >= len(free):
            return free if chosen else []
        nearest = bbox_overlaps(boxes[chosen], boxes[free]).argmax(1)
        return sorted({free[i] for i in nearest.tolist()})


def sample_generator(frames: Sequence) -> torch.Generator:
    """Random numbers that depend on the frames of a sample alone, so that a resumed training draws the same.

    Args:
        frames: T of mmdet's ``DetDataSample``.
    """
    names = [
        (frame.metainfo.get("video_id"), frame.metainfo.get("frame_id"), frame.metainfo.get("flip")) for frame in frames
    ]
    return torch.Generator().manual_seed(zlib.crc32(repr(names).encode()))


def _uniform(number: int, generator: torch.Generator) -> list[float]:
    return torch.rand(number, generator=generator).tolist()
