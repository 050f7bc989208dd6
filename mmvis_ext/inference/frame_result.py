"""What a model finds in one frame of a video."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mmvis_ext.structures import RLE, box_masks, decode
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracks import supervision_detections
from mmvis_ext.videos import Frame
from mmvis_ext.visualization import draw_tracks, readable_scale
from mmvis_ext.visualization.fonts import legible

if TYPE_CHECKING:
    import supervision

__all__ = ["Choice", "FrameResult", "frame_results"]


@dataclass(frozen=True)
class Choice:
    """Which tracks are kept.

    Attributes:
        score_thr: the best class must score at least this, in 0..1.
        labels: labels of the classes that are kept; ``None`` for all.
        top_k: how many are kept, the best ones; ``None`` for all.
    """

    score_thr: float = 0.3
    labels: frozenset[int] | None = None
    top_k: int | None = None

    def best(self, scores: np.ndarray) -> list[int]:
        """The places of the kept tracks in (N,K) scores, best first; equals keep their order."""
        if not len(scores):
            return []
        best, labels = scores.max(1), scores.argmax(1)
        kept = [
            i
            for i in np.argsort(-best, kind="stable").tolist()
            if best[i] >= self.score_thr and (self.labels is None or int(labels[i]) in self.labels)
        ]
        return kept[: self.top_k]


@dataclass(frozen=True)
class FrameResult:
    """The n tracks that a frame shows, best first. In a notebook, a result shows itself as a picture.

    Attributes:
        frame: the frame, with its picture, number and time.
        ids: n track ids.
        labels: n class labels.
        classes: n names of classes.
        scores: (n,) class scores in 0..1, of the window in which the model saw the frame.
        boxes: (n,4) float32 xyxy in pixels.
        masks: n compressed RLEs; ``None`` from a model of boxes alone.
    """

    frame: Frame
    ids: list[int]
    labels: list[int]
    classes: list[str]
    scores: np.ndarray
    boxes: np.ndarray
    masks: list[RLE] | None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def number(self) -> int:
        """Number of the frame in its source, from 0."""
        return self.frame.number

    @property
    def timestamp(self) -> float:
        """Seconds since the first frame; ``nan`` if the frames came without times."""
        return self.frame.time

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.frame.picture.shape[0], self.frame.picture.shape[1]

    @cached_property
    def decoded(self) -> np.ndarray | None:
        """(n,H,W) bool masks; ``None`` from a model of boxes alone."""
        return None if self.masks is None else decode(self.masks, *self.size).astype(bool)

    def draw(self, with_boxes: bool = False) -> np.ndarray:
        """The frame with the tracks drawn in, (h,w,3) uint8 RGB; a small frame is enlarged."""
        masks = self.masks or box_masks(self.boxes, np.ones(len(self), bool), *self.size)
        captions = [
            f"{legible(name, f'class {label}')} {score:.2f}"
            for name, label, score in zip(self.classes, self.labels, self.scores, strict=True)
        ]
        return draw_tracks(
            self.frame.picture, masks, self.boxes, self.ids, captions, readable_scale(*self.size), with_boxes
        )

    def to_supervision(self) -> "supervision.Detections":
        """The result as ``supervision.Detections``, see :meth:`VideoTracks.to_supervision`.

        Raises:
            InputError: the package supervision is not installed.
        """
        names = np.array(self.classes, dtype=str)
        return supervision_detections(self.boxes, self.decoded, self.scores, self.labels, self.ids, class_name=names)

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(self.draw()).save(buffer, "PNG")
        return buffer.getvalue()


def frame_results(
    detections: Detections, frames: Sequence[Frame], classes: Sequence[str], choice: Choice
) -> list[FrameResult]:
    """What the frames of one window show.

    Class and score of a track are those of the window: the mean over its frames in which the track is visible.

    Args:
        detections: the window's detections.
        frames: its T frames.
        classes: class names in label order.
        choice: which tracks are kept.
    """
    visible = detections.visible
    slots = [i for i, track_id in enumerate(detections.track_ids) if track_id >= 0 and visible[i].any()]
    means = np.array([detections.scores[i][visible[i]].mean(0) for i in slots])
    kept = [(slots[place], means[place]) for place in choice.best(means)]
    shown = detections.shown
    results = []
    for t, frame in enumerate(frames):
        here = [(i, mean) for i, mean in kept if shown[i, t]]
        labels = [int(mean.argmax()) for _, mean in here]
        results.append(
            FrameResult(
                frame,
                [detections.track_ids[i] for i, _ in here],
                labels,
                [classes[label] for label in labels],
                np.array([mean.max() for _, mean in here], np.float32),
                np.array([detections.boxes[i, t] for i, _ in here], np.float32).reshape(-1, 4),
                None if detections.masks is None else [detections.masks[i][t] or {} for i, _ in here],
            )
        )
    return results
