"""Videos whose tracks are gathered shape by shape, and the records that come out in the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from mmvis_ext.annotations.checks import is_text
from mmvis_ext.annotations.records import AnnotationFile, TrackAnnotation, VideoRecord
from mmvis_ext.structures.rle import RLE, boxes_of
from mmvis_ext.utils.errors import InputError

from .shapes import box_rle, joined
from .source import Source

__all__ = ["VideoDraft", "gathered"]

Box = list[float]
Key = int | str


@dataclass
class _TrackDraft:
    label: str
    where: str
    masks: dict[int, list[RLE]] = field(default_factory=dict)
    boxes: dict[int, Box] = field(default_factory=dict)
    iscrowd: bool = False


@dataclass
class VideoDraft:
    """A video, to which shapes are added.

    Attributes:
        size: (H, W) of its frames in pixels.
        file_names: one per frame, relative to the folder of images.
        annotated: whether anybody looked for objects at all.
    """

    size: tuple[int, int]
    file_names: list[str]
    annotated: bool = True
    _tracks: dict[Key, _TrackDraft] = field(default_factory=dict)

    def add(self, key: Key, label: str, t: int, shape: RLE | Box | None, where: str, iscrowd: bool = False) -> None:
        """Add what one frame shows of a track; several masks of a frame are parts of one object.

        Args:
            key: what tells the track from others of the video.
            label: name of its class, the same in all frames.
            t: index of the frame.
            shape: a mask, a box xyxy in pixels, or ``None`` for one that covers no pixel.
            where: names the shape in the error.
            iscrowd: the track is a crowd.

        Raises:
            InputError: the label differs from the track's, or the frame has two boxes of it.
        """
        track = self._tracks.setdefault(key, _TrackDraft(label, where, iscrowd=iscrowd))
        if track.label != label:
            raise InputError(
                f"{where}: the track {key} is a {label!r} here and a {track.label!r} elsewhere ({track.where}); give "
                "it one label, or another track id."
            )
        if isinstance(shape, dict):
            track.masks.setdefault(t, []).append(shape)
        elif shape is not None:
            box = self._inside(shape)
            if t in track.boxes:
                raise InputError(f"{where}: the track {key} has two boxes in one frame; give each object its own id.")
            if box is not None:
                track.boxes[t] = box

    def _inside(self, box: Box) -> Box | None:
        """The part of a box in the frame; ``None`` if there is none."""
        x1, x2 = (min(max(x, 0.0), self.size[1]) for x in sorted(box[::2]))
        y1, y2 = (min(max(y, 0.0), self.size[0]) for y in sorted(box[1::2]))
        return [x1, y1, x2, y2] if x1 < x2 and y1 < y2 else None

    @property
    def labels(self) -> dict[str, str]:
        """Each label that a track has, and a place where it stands."""
        return {track.label: track.where for track in reversed(self._tracks.values())}

    def first_place(self, what: str) -> str | None:
        """Where the first track stands that has ``masks`` or ``boxes``."""
        return next((track.where for track in self._tracks.values() if getattr(track, what)), None)

    def record(self, number: int, ids: dict[str, int], fill_boxes: bool) -> VideoRecord:
        """The video with id ``number``; ``ids`` are the categories' by label. A track of no pixel is left out."""
        names = list(self.file_names)
        record = VideoRecord(number, *self.size, names, list(range(len(names))), [] if self.annotated else None)
        whole = all(isinstance(key, int) and -(2**31) <= key < 2**31 for key in self._tracks)
        for i, (key, draft) in enumerate(self._tracks.items(), 1):
            track = _track(int(key) if whole else i, ids[draft.label], draft, record, fill_boxes)
            if track.visible.any() and record.tracks is not None:
                record.tracks.append(track)
        return record


def _track(number: int, category: int, draft: _TrackDraft, video: VideoRecord, fill_boxes: bool) -> TrackAnnotation:
    length = len(video.file_names)
    if draft.boxes and not fill_boxes:
        boxes = np.zeros((length, 4))
        for t, box in draft.boxes.items():
            boxes[t] = box
        return TrackAnnotation(number, category, [], boxes, draft.iscrowd)
    masks: list[RLE | None] = [None] * length
    for t in draft.masks.keys() | draft.boxes.keys():
        parts = list(draft.masks.get(t, ()))
        filled = box_rle(draft.boxes[t], (video.height, video.width)) if t in draft.boxes else None
        masks[t] = joined([*parts, filled] if filled else parts) if parts or filled else None
    return TrackAnnotation(number, category, masks, boxes_of(masks).astype(np.float64), draft.iscrowd)


def gathered(source: Source, videos: Sequence[VideoDraft], classes: Sequence[str] | None = None) -> AnnotationFile:
    """The records of all videos of a source, which get ids from 1.

    Args:
        source: what was read.
        videos: at least one.
        classes: names in their order, if the source lists them; by default the labels that occur, sorted by name.

    Raises:
        InputError: there is no video or no class, a label is not among the classes that were asked for, or some objects
            have masks and others boxes alone.
    """
    if not videos:
        raise InputError(f"{source.where}: holds no video; give the folder or file that your tool has exported.")
    labels = {label: place for video in reversed(videos) for label, place in video.labels.items()}
    odd = next((label for label in labels if not label.strip() or not is_text(label)), None)
    if odd is not None:
        raise InputError(f"{labels[odd]}: the label {odd!r} is no name; write letters.")
    names = list(source.classes or classes or sorted(labels))
    strange = next((label for label in labels if label not in names), None)
    if strange is not None:
        raise InputError(
            f"{labels[strange]}: the label {strange!r} is not among the classes {', '.join(names)}; add it to "
            "--classes or correct it."
        )
    if not names:
        raise InputError(f"{source.where}: holds no object, so no class either; name the classes with --classes.")
    _refuse_mixture(source, videos)
    ids = {name: i for i, name in enumerate(names, 1)}
    records = [video.record(i, ids, source.fill_boxes) for i, video in enumerate(videos, 1)]
    return AnnotationFile(source.where, [dict(id=i, name=name) for name, i in ids.items()], records)


def _refuse_mixture(source: Source, videos: Sequence[VideoDraft]) -> None:
    boxes, masks = (next(filter(None, (v.first_place(what) for v in videos)), None) for what in ("boxes", "masks"))
    if boxes and masks and not source.fill_boxes:
        raise InputError(
            f"{boxes}: the object has a box alone, where others have masks; draw its outline, or add --fill-boxes to "
            "take boxes for masks of all their pixels."
        )
