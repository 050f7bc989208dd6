"""Slots that a frame leaves out, since nothing has been in them for a while: fewer slots for the stages to run over."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmvis_ext.structures.rle import RLE
from mmvis_ext.structures.stream import Detections

__all__ = ["SlotPruning", "among_all"]


@dataclass(frozen=True)
class SlotPruning:
    """Which slots run in a frame.

    Attributes:
        after: a slot that has not been visible for this many frames in a row is left out.
        every: in every frame whose number is a multiple of this, all slots run, so that new objects are found; with 1,
            none is ever left out.

    Raises:
        ValueError: one of them is below 1.
    """

    after: int = 10
    every: int = 5

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value < 1:
                raise ValueError(f"prune: {name}={value} must be at least 1, a number of frames.")

    def running(self, frame: int, empty: Sequence[int]) -> list[int]:
        """The indices of the slots that run in a frame.

        Args:
            frame: number of the frame in the video, from 0.
            empty: for each of the N slots, for how many frames in a row it has not been visible.
        """
        everyone = frame % self.every == 0
        return [slot for slot, frames in enumerate(empty) if everyone or frames < self.after]


def among_all(
    found: Detections | None, slots: Sequence[int], boxes: np.ndarray, num_classes: int, masks: bool
) -> Detections:
    """The detections of all N slots of a frame from those of the slots that ran.

    Args:
        found: detections of the slots that ran; ``None`` if there are none.
        slots: their n indices.
        boxes: (N,4) xyxy in original pixels, where the slots that were left out stay; those have score 0 and are not
            visible.
        num_classes: K.
        masks: whether the model has masks.
    """
    n = len(boxes)
    scores, visible = np.zeros((n, 1, num_classes), np.float32), np.zeros((n, 1), bool)
    boxes = boxes[:, None].copy()
    rles: list[list[RLE | None]] = [[None] for _ in range(n)]
    if found is not None:
        scores[slots], boxes[slots], visible[slots] = found.scores, found.boxes, found.visible
        for slot, own in zip(slots, found.masks or (), strict=False):
            rles[slot] = own
    return Detections(list(range(n)), scores, boxes, rles if masks else None, visible)
