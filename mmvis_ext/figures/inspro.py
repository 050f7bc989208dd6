"""InsPro, Figs. 3 and 7: all boxes of the slots, however low their scores, as they go from frame to frame."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from mmvis_ext.inference import VISInferencer
from mmvis_ext.models import InsPro
from mmvis_ext.visualization import Row, cell_scale, colour, contact_sheet
from mmvis_ext.visualization.draw import resized

from .looks import looks, require_kind

__all__ = ["box_figure"]


def box_figure(
    inferencers: Sequence[VISInferencer], names: Sequence[str], pictures: Iterable[np.ndarray], frames: Sequence[int],
) -> np.ndarray:  # fmt: skip
    """A row of frames for each model, with the boxes of all its slots; a slot keeps its colour.

    Args:
        inferencers: each holds an InsPro, such as one trained with and one without the deduplication loss.
        names: of the rows.
        pictures: the video's frames, (H,W,3) uint8 RGB.
        frames: numbers of the frames to show.

    Returns:
        (h,w,3) uint8 RGB.

    Raises:
        InputError: a model is another one, or a frame cannot be taken.
    """
    video, rows = list(pictures), []
    for name, inferencer in zip(names, inferencers, strict=True):
        require_kind(inferencer.model, InsPro, "all boxes")
        cells = []
        for look in looks(inferencer, video):
            if look.start in frames:
                cells.append(_with_boxes(look.pictures[0], look.detections.boxes[:, 0]))
        rows.append(Row(name, cells, [f"frame {n}" for n in sorted(frames)]))
    return contact_sheet(rows)


def _with_boxes(picture: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """A cell with (N,4) xyxy boxes in the colours of their slots."""
    scale = cell_scale(*picture.shape[:2])
    cell = resized(picture, scale)
    for slot, (x1, y1, x2, y2) in enumerate(np.rint(boxes * scale).astype(int).tolist()):
        cv2.rectangle(cell, (x1, y1), (x2, y2), colour(slot), 1)
    return cell
