"""What a model finds in each step of a video, and the book that gathers it into tracks."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .rle import RLE
from .spill import Spill, Stretches
from .tracks import Found, Track, VideoTracks

if TYPE_CHECKING:
    from .geometry import FrameGeometry  # imports torch

__all__ = ["Detections", "TrackBook"]

REDUCTIONS = ("visible_mean", "length_weighted", "mean", "max")
LONG = 100
"""Frames after which a track is no longer short, however long the video is: it has its full score."""
IN_MEMORY = 4096  # boxes and masks of a video; older ones wait in a temporary file


@dataclass
class Detections:
    """Results of one step over its window of T frames, on the CPU.

    The results come in N slots, one per query of the model.

    Attributes:
        track_ids: track id of each slot; it changes when the slot starts a new track, and is -1 while it has none.
        scores: (N,T,K) class scores in 0..1.
        boxes: (N,T,4) xyxy in original pixels.
        masks: N lists of T compressed RLEs, ``None`` where the slot is not visible; ``None`` from a model of
            boxes alone.
        visible: (N,T) bool, where a slot's best class score reaches the threshold.
        objectness: (N,T) in 0..1, from a model that scores whether there is an object apart from its class. Both are
            then reduced over time separately, and a track's scores are their product.
    """

    track_ids: list[int]
    scores: np.ndarray
    boxes: np.ndarray
    masks: list[list[RLE | None]] | None
    visible: np.ndarray
    objectness: np.ndarray | None = None

    def __post_init__(self) -> None:
        n, t = self.visible.shape
        masks = [[None] * t] * n if self.masks is None else self.masks
        objectness = self.visible if self.objectness is None else self.objectness
        if not (len(self.track_ids) == len(masks) == len(self.scores) == len(self.boxes) == len(objectness) == n):
            raise ValueError("Detections: track_ids, scores, boxes, masks, visible and objectness must agree in N.")
        if any(a.shape[1] != t for a in (self.scores, self.boxes, objectness)) or any(len(m) != t for m in masks):
            raise ValueError("Detections: scores, boxes, masks, visible and objectness must agree in T.")

    @property
    def shown(self) -> np.ndarray:
        """(N,T) bool, where a slot has a mask or, from a model of boxes alone, where it is visible."""
        if self.masks is None:
            return self.visible
        return np.array([[mask is not None for mask in row] for row in self.masks], dtype=bool).reshape(
            self.visible.shape
        )


@dataclass
class _Entry:
    """Running sums of one track; all that it keeps per frame is an RLE and a box."""

    total: np.ndarray  # (K+1,) sum or maximum of the class scores and, last, of the objectness
    frames: int  # number of frames in the sum
    found: list[Found] = field(default_factory=list)
    places: list[tuple[int, int]] = field(default_factory=list)  # in the temporary file, of what was found before


class TrackBook:
    """Gathers the detections of a video step by step and closes them into tracks.

    Memory does not grow with the length of the video: masks and boxes that are many go to a temporary file.

    Args:
        reduction: of a track's scores over time: ``visible_mean`` (over frames in which it is visible), ``mean``
            (over all frames since it was born), ``max``, or ``length_weighted``, the mean over the frames in which it
            is visible times their share of the video, of which no more than :data:`LONG` frames are counted.
        gather: if not, the frames are only counted, for whoever reads the detections of each step and wants no tracks.

    Raises:
        ValueError: unknown reduction.
    """

    def __init__(self, reduction: str = "visible_mean", gather: bool = True) -> None:
        if reduction not in REDUCTIONS:
            raise ValueError(f"score_reduction {reduction!r} is unknown; choose one of {REDUCTIONS}.")
        self.reduction = reduction
        self.gather = gather
        self.length = 0
        self._entries: dict[int, _Entry] = {}
        self._with_masks = True
        self._in_memory = 0
        self._spill = Spill()

    def add(self, detections: Detections) -> None:
        """Add the detections of the next window.

        Raises:
            InputError: the temporary file cannot be written.
        """
        if not self.gather:
            self.length += detections.visible.shape[1]
            return
        self._with_masks = detections.masks is not None
        shown = detections.shown
        objectness = np.ones(shown.shape) if detections.objectness is None else detections.objectness
        every = np.concatenate([detections.scores, objectness[..., None]], axis=-1)
        for i, track_id in enumerate(detections.track_ids):
            if track_id < 0:
                continue
            entry = self._entries.setdefault(track_id, _Entry(np.zeros(every.shape[-1]), 0))
            scores, visible = every[i], detections.visible[i]
            if self.reduction == "max":
                entry.total = np.maximum(entry.total, scores.max(0, initial=0.0))
                entry.frames = 1
            else:
                counted = scores if self.reduction == "mean" else scores[visible]
                entry.total = entry.total + counted.sum(0, dtype=np.float64)
                entry.frames += len(counted)
            for t in shown[i].nonzero()[0].tolist():
                mask = None if detections.masks is None else detections.masks[i][t]
                entry.found.append((self.length + t, detections.boxes[i, t].tolist(), mask))
                self._in_memory += 1
        self.length += detections.visible.shape[1]
        if self._in_memory > IN_MEMORY:
            self._spill_all()

    def _spill_all(self) -> None:
        for entry in self._entries.values():
            if entry.found:
                entry.places.append(self._spill.write(entry.found))
                entry.found = []
        self._in_memory = 0

    def close(self, video_id: int, geometry: "FrameGeometry") -> VideoTracks:
        """The tracks of the whole video; one that is nowhere visible is left out.

        Raises:
            ValueError: the book gathers no tracks.
        """
        if not self.gather:
            raise ValueError("This book gathers no tracks; open the stream with gather=True.")
        found = {track_id: entry for track_id, entry in self._entries.items() if entry.found or entry.places}
        tracks = [self._track(track_id, entry) for track_id, entry in found.items()]
        return VideoTracks(video_id, *geometry.original, self.length, tracks)

    def _track(self, track_id: int, entry: _Entry) -> Track:
        *scores, objectness = entry.total / max(entry.frames, 1)
        counts = self.reduction == "length_weighted"
        share = min(1.0, entry.frames / min(self.length, LONG)) if counts else 1.0
        found = Stretches(self.length, self._with_masks, list(entry.found), list(entry.places), self._spill)
        return found.track(track_id, np.array(scores) * objectness * share)
