"""What a model says about a whole video: tracks of RLE masks, ready for the benchmark."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from mmvis_ext.utils.errors import InputError

from .rle import RLE, decode

if TYPE_CHECKING:
    import supervision

__all__ = ["Found", "Track", "VideoTracks", "by_frame", "supervision_detections"]

Found = tuple[int, list[float], RLE | None]
"""What a frame shows of a track: the frame's number, box and mask."""


def supervision_detections(
    boxes: np.ndarray,
    masks: np.ndarray | None,
    scores: Sequence[float] | np.ndarray,
    labels: Sequence[int],
    ids: Sequence[int],
    **data: Any,
) -> "supervision.Detections":
    """What a frame shows, for the package supervision.

    Args:
        boxes: (n, 4) xyxy in pixels.
        masks: (n, H, W) bool, or ``None``.
        scores: n scores in 0..1.
        labels: n class labels.
        ids: n track ids.
        data: further arrays or lists of n.

    Raises:
        InputError: supervision is not installed.
    """
    try:
        import supervision
    except ModuleNotFoundError:
        raise InputError(
            "to_supervision needs the package supervision, which is not installed: `pip install supervision`."
        ) from None
    return supervision.Detections(
        xyxy=boxes.reshape(-1, 4),
        mask=masks,
        confidence=np.array(scores, dtype=np.float32),
        class_id=np.array(labels, dtype=int),
        tracker_id=np.array(ids, dtype=int),
        data=data,
    )


@dataclass(frozen=True)
class Track:
    """One object over a whole video.

    Attributes:
        track_id: unique in the video, counted from 0.
        scores: (K,) float, the track's score per class in 0..1.
        segmentations: one compressed RLE per frame of the video, ``None`` where the object is absent; ``None`` from a
            model of boxes alone.
        boxes: (T, 4) float32 xyxy in pixels of the original frames; zeros where the object is absent.
        parent: ``track_id`` of the track that divided into this one and another, as cells do; ``None`` where nobody
            says so. No model here does.

    Raises:
        ValueError: there are not as many segmentations as boxes.
    """

    track_id: int
    scores: np.ndarray
    segmentations: list[RLE | None] | None
    boxes: np.ndarray
    parent: int | None = None

    def __post_init__(self) -> None:
        if self.segmentations is not None and len(self.segmentations) != len(self.boxes):
            raise ValueError(f"{len(self.segmentations)} segmentations but {len(self.boxes)} boxes in one track.")

    @property
    def visible(self) -> np.ndarray:
        """(T,) bool, the frames that show the object."""
        if self.segmentations is None:
            return np.any(self.boxes != 0, axis=1)
        return np.array([s is not None for s in self.segmentations], dtype=bool)

    def official_boxes(self) -> list[list[float] | None]:
        """One ``[x, y, width, height]`` per frame, ``None`` where the box has no area."""
        boxes = self.boxes.tolist()
        return [[x1, y1, x2 - x1, y2 - y1] if x2 > x1 and y2 > y1 else None for x1, y1, x2, y2 in boxes]

    def found(self) -> Iterator[Found]:
        """What each frame that shows the object shows of it, in time order."""
        masks, boxes = self.segmentations, self.boxes
        for t in self.visible.nonzero()[0].tolist():
            yield t, boxes[t].tolist(), None if masks is None else masks[t]


def by_frame(tracks: Sequence[Track], length: int) -> Iterator[list[tuple[int, list[float], RLE | None]]]:
    """What the frames of a video show, one after the other. Of a long video little is in memory at a time.

    Args:
        tracks: of the video.
        length: number of frames.

    Yields:
        For each frame a list of places in ``tracks``, boxes (xyxy in pixels) and masks, in the order of the tracks.
    """

    def of(place: int) -> Iterator[tuple[int, int, list[float], RLE | None]]:
        return ((t, place, box, mask) for t, box, mask in tracks[place].found())

    merged = heapq.merge(*map(of, range(len(tracks))), key=itemgetter(0, 1))
    at = next(merged, None)
    for t in range(length):
        shown = []
        while at is not None and at[0] == t:
            shown.append(at[1:])
            at = next(merged, None)
        yield shown


@dataclass
class VideoTracks:
    """All tracks of one video.

    Attributes:
        video_id: as in the annotation file (anything hashable for a video without one).
        height: of the original frames, pixels.
        width: of the original frames, pixels.
        length: number of frames.
        tracks: in no order.
    """

    video_id: int
    height: int
    width: int
    length: int
    tracks: list[Track] = field(default_factory=list)

    def __iter__(self) -> Iterator[Track]:
        return iter(self.tracks)

    def __len__(self) -> int:
        return len(self.tracks)

    def ranked(
        self, top_k: int, min_score: float = 0.0, classes_per_track: int | None = None
    ) -> list[tuple[Track, int, float]]:  # fmt: skip
        """The best ``top_k`` (track, class label, score) triples of the video, best first.

        The benchmark ranks (track, class) pairs, so one track may stand several times: at most ``classes_per_track``
        times, with its best classes, if that is given. Equal scores keep the order of tracks and classes.
        """
        if not self.tracks:
            return []
        scores = np.stack([t.scores for t in self.tracks])
        order = np.argsort(-scores, axis=None, kind="stable")
        if classes_per_track is not None:
            places = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)  # of each class in its track
            order = order[places.flat[order] < classes_per_track]
        order = order[:top_k]
        pairs = zip(*np.unravel_index(order, scores.shape), strict=True)
        return [(self.tracks[i], int(k), float(scores[i, k])) for i, k in pairs if scores[i, k] >= min_score]

    def official(
        self, category_ids: list[int], top_k: int, min_score: float = 0.0, classes_per_track: int | None = None,
        boxes: bool = False,
    ) -> list[dict]:  # fmt: skip
        """Entries of the YouTube-VIS ``results.json``.

        Args:
            category_ids: the file's category id of each class label.
            top_k: number of (track, class) pairs kept.
            min_score: pairs below are left out.
            classes_per_track: see :meth:`ranked`.
            boxes: give the boxes beside the masks, too.

        Returns:
            Dicts with ``video_id``, ``score``, ``category_id``, ``segmentations`` unless the model gives boxes alone,
            and ``bboxes`` (``[x, y, width, height]``) if it does or ``boxes`` is true; ``None`` for absent frames.
        """
        regions: dict[int, dict[str, list]] = {}
        for track in self:
            masks = {} if track.segmentations is None else dict(segmentations=track.segmentations)
            regions[track.track_id] = masks | (dict(bboxes=track.official_boxes()) if boxes or not masks else {})
        return [
            dict(video_id=self.video_id, score=score, category_id=category_ids[label], **regions[track.track_id])
            for track, label, score in self.ranked(top_k, min_score, classes_per_track)
        ]

    def to_supervision(self, t: int, min_score: float = 0.0) -> "supervision.Detections":
        """What one frame shows, for the package supervision (``pip install supervision``).

        Args:
            t: number of the frame, from 0.
            min_score: tracks whose best class scores less are left out.

        Returns:
            A ``supervision.Detections`` of n tracks, best first: ``xyxy`` (n, 4) in pixels, ``mask`` (n, H, W) bool
            (``None`` from a model of boxes alone), ``confidence`` (n,), ``class_id`` (n,), the label of the best class,
            and ``tracker_id`` (n,).

        Raises:
            InputError: supervision is not installed, or the video has no such frame.

        Example::

            frame = supervision.MaskAnnotator().annotate(frame, tracks.to_supervision(0, min_score=0.3))
        """
        if not 0 <= t < self.length:
            raise InputError(f"video {self.video_id}: has no frame {t}; its {self.length} frames count from 0.")
        ranked = sorted((track for track in self if track.visible[t]), key=lambda track: -track.scores.max())
        shown = [track for track in ranked if track.scores.max() >= min_score]
        masks = None
        if all(track.segmentations is not None for track in self):
            masks = decode([(track.segmentations or [])[t] for track in shown], self.height, self.width).astype(bool)
        boxes = np.array([track.boxes[t] for track in shown], dtype=np.float32)
        best = [(track.scores.max(), int(track.scores.argmax()), track.track_id) for track in shown]
        scores, labels, ids = map(list, zip(*best, strict=True)) if best else ([], [], [])
        return supervision_detections(boxes, masks, scores, labels, ids)
