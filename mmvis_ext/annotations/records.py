"""The records that all readers of annotation files return: categories, videos and their tracks."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mmvis_ext.structures.rle import RLE

__all__ = ["OCCLUSION_LEVELS", "AnnotationFile", "TrackAnnotation", "VideoRecord"]

OCCLUSION_LEVELS = ("no_occlusion", "slight_occlusion", "severe_occlusion")


@dataclass(eq=False)
class TrackAnnotation:
    """One ground-truth track.

    Attributes:
        id: the file's track id, unique in its video; 0 is an id like any other.
        category_id: the file's category id.
        segmentations: compressed RLE per frame, ``None`` where absent; an empty list for a track of boxes alone.
        boxes: (T, 4) float xyxy in pixels; zeros where absent.
        iscrowd: the track is a crowd, which training and evaluation ignore.
        areas: the areas that the file states, per frame in square pixels, ``None`` where absent; ``None`` altogether
            where it states none. The evaluation takes their mean to tell small objects from large ones.
        occlusion: how much of the object is hidden, per frame one of :data:`OCCLUSION_LEVELS`, ``None`` where absent;
            ``None`` altogether where the file does not say. OVIS says it.
        parent: id of the track that this one comes from by division, ``None`` without one. The Cell Tracking Challenge
            says it.
    """

    id: int
    category_id: int
    segmentations: list[RLE | None]
    boxes: np.ndarray
    iscrowd: bool = False
    areas: list[float | None] | None = None
    occlusion: list[str | None] | None = None
    parent: int | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TrackAnnotation) and self._plain() == other._plain()

    def _plain(self) -> dict:
        return vars(self) | dict(boxes=self.boxes.tolist())

    @property
    def visible(self) -> np.ndarray:
        """(T,) bool, the frames that show the track: by a mask or, in a track of boxes alone, by a box with an area."""
        if self.segmentations:
            return np.array([s is not None for s in self.segmentations], dtype=bool)
        x1, y1, x2, y2 = self.boxes.T
        return (x1 < x2) & (y1 < y2)

    def frames(self, indices: Sequence[int]) -> "TrackAnnotation":
        """The track in these frames of its video only."""
        masks = [self.segmentations[t] for t in indices] if self.segmentations else []
        areas = None if self.areas is None else [self.areas[t] for t in indices]
        occlusion = None if self.occlusion is None else [self.occlusion[t] for t in indices]
        boxes = self.boxes[list(indices)]
        return TrackAnnotation(self.id, self.category_id, masks, boxes, self.iscrowd, areas, occlusion, self.parent)


@dataclass
class VideoRecord:
    """One video: its frames and, where the file has them, its tracks.

    Attributes:
        id: the file's video id.
        height: frame height in pixels.
        width: frame width in pixels.
        file_names: one per frame, relative to the image folder, in time order.
        image_ids: CocoVID's image ids; the running frame number otherwise.
        tracks: empty for a video without objects; ``None`` where the file has no annotations at all.
        void: one per frame, the pixels of which the annotations do not say what they show; ``None`` in a frame without
            such pixels, and for a video without any.
    """

    id: int
    height: int
    width: int
    file_names: list[str]
    image_ids: list[int]
    tracks: list[TrackAnnotation] | None = field(default_factory=list)
    void: list[RLE | None] | None = None

    def frames(self, indices: Sequence[int]) -> "VideoRecord":
        """A video of these frames only; tracks that none of them shows are dropped."""
        tracks = self.tracks
        if tracks is not None:
            tracks = [track for track in (t.frames(indices) for t in tracks) if track.visible.any()]
        names, ids = [self.file_names[t] for t in indices], [self.image_ids[t] for t in indices]
        void = self.void and [self.void[t] for t in indices]
        return VideoRecord(self.id, self.height, self.width, names, ids, tracks, void)


@dataclass
class AnnotationFile:
    """A whole file. ``categories`` are ``{'id', 'name'}`` dicts in the file's order."""

    path: str
    categories: list[dict]
    videos: list[VideoRecord]

    @property
    def has_annotations(self) -> bool:
        """Whether the file has a list of annotations, be it an empty one."""
        return any(v.tracks is not None for v in self.videos)
