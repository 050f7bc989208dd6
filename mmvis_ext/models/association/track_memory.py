"""Detections linked to tracks by appearance (MaskTrack R-CNN, ICCV 2019, Sec. 4), with the memory as a value."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mmvis_ext.structures.geometry import FrameGeometry

__all__ = ["FoundObjects", "TrackMemory", "TrackingState", "link_detections"]

WORST = -1e6  # a match must score more than this, as in mmdet


class FoundObjects(NamedTuple):
    """N detections of one frame.

    Attributes:
        boxes: (N,4) xyxy pixels of the network's input.
        labels: (N,) int64, best class.
        scores: (N,) score of that class, in 0..1.
        features: (N,C,S,S) RoI features of the boxes.
    """

    boxes: Tensor
    labels: Tensor
    scores: Tensor
    features: Tensor


class TrackMemory(NamedTuple):
    """How each of M tracks looked when it was last seen.

    Its size depends on the number of tracks and not on the length of the video.

    Attributes:
        boxes: (M,4) xyxy pixels of the network's input.
        labels: (M,) int64.
        features: (M,C,S,S) RoI features.
        track_ids: M track ids.
        last_seen: for each track, the number of the frame that last showed it.
        next_id: the id that the next new track gets.
    """

    boxes: Tensor
    labels: Tensor
    features: Tensor
    track_ids: tuple[int, ...]
    last_seen: tuple[int, ...]
    next_id: int

    @classmethod
    def empty(cls, found: FoundObjects) -> "TrackMemory":
        """A memory without tracks (M = 0), with the feature shapes and types of ``found``."""
        boxes, labels, _, features = (part.new_zeros(0, *part.shape[1:]) for part in found)
        return cls(boxes, labels, features, track_ids=(), last_seen=(), next_id=0)


@dataclass(frozen=True)
class TrackingState:
    """State after a frame of a model that links detections.

    Attributes:
        geometry: original and resized size of the video's frames.
        memory: the known tracks; ``None`` before the first detections.
        frame: number of the next frame.
    """

    geometry: FrameGeometry
    memory: TrackMemory | None = None
    frame: int = 0


def link_detections(
    track_head: Any, tracker: Any, memory: TrackMemory | None, found: FoundObjects, frame: int
) -> tuple[list[int], TrackMemory]:
    """Give every detection of a frame its track id.

    For each detection, mmdet's match score (a weighted sum of appearance, detection score, box IoU and class) is
    computed against every known track and against "a new track"; the best of these decides. If several detections
    choose the same track, the one with the highest score gets it and the others are dropped. (In mmdet, a detection
    that chose the track before the best one came keeps the id, so a track can occur twice in a frame.)

    Args:
        track_head: mmdet's ``RoITrackHead``, which compares features.
        tracker: mmdet's ``MaskTrackRCNNTracker``, which holds the weights of the sum and the number of frames for
            which an unseen track is remembered. It is used without its own memory.
        memory: the known tracks before this frame; ``None`` at the start of a video.
        found: N >= 1 detections. For a frame without detections do not call this and keep the memory.
        frame: the frame's number in the video.

    Returns:
        N track ids, -1 for a dropped detection, and the new memory.
    """
    memory = TrackMemory.empty(found) if memory is None else memory
    logits = found.scores.new_zeros(len(found.boxes), 1)
    if memory.track_ids:
        logits = track_head.predict(found.features, memory.features).float()
    scores = tracker.get_match_score(
        found.boxes, found.labels, found.scores.float(), memory.boxes, memory.labels, logits
    )
    best, columns = scores.max(dim=1)
    ids, born, next_id = [-1] * len(columns), list[int](), memory.next_id
    seen: dict[int, int] = {}  # index of a track in the memory -> index of its detection
    reached = [WORST] * len(memory.track_ids)
    for i, (column, score) in enumerate(zip(columns.tolist(), best.tolist(), strict=True)):
        place = column - 1  # column 0 is a new track
        if place < 0:
            ids[i], next_id = next_id, next_id + 1
            born.append(i)
        elif score > reached[place]:
            seen[place], reached[place] = i, score
    for place, i in seen.items():
        ids[i] = memory.track_ids[place]
    return ids, _remember(memory, found, seen, born, next_id, frame, tracker.num_frames_retain)


def _remember(
    memory: TrackMemory, found: FoundObjects, seen: dict[int, int], born: list[int], next_id: int, frame: int,
    retain: int,
) -> TrackMemory:  # fmt: skip
    """The memory after a frame: seen tracks are updated, new ones appended, and those long unseen removed."""
    last_seen = [frame if place in seen else t for place, t in enumerate(memory.last_seen)] + [frame] * len(born)
    track_ids = [*memory.track_ids, *range(memory.next_id, next_id)]
    kept = [place for place, t in enumerate(last_seen) if frame - t < retain]
    index = [torch.tensor(part, dtype=torch.int64, device=found.boxes.device) for part in (
        list(seen.keys()), list(seen.values()), born, kept,
    )]  # fmt: skip

    def merged(before: Tensor, now: Tensor) -> Tensor:
        places, detections, new, stay = index
        after = before.index_copy(0, places, now[detections].to(before.dtype))
        return torch.cat([after, now[new].to(before.dtype)])[stay]

    return TrackMemory(
        merged(memory.boxes, found.boxes),
        merged(memory.labels, found.labels),
        merged(memory.features, found.features),
        tuple(track_ids[place] for place in kept),
        tuple(last_seen[place] for place in kept),
        next_id,
    )
