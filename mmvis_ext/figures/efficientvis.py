"""EfficientVIS, Figs. 4 to 6: tracklet proposals over time, and what the dynamic filters leave of their features."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np
import torch
from torch import Tensor

from mmvis_ext.inference import VISInferencer
from mmvis_ext.models import EfficientVIS
from mmvis_ext.models.query.dynamic_conv import DynamicFilters, TemporalDynamicConv
from mmvis_ext.visualization import Row, cell_scale, colour, contact_sheet, draw_tracks

from .colours import heat
from .looks import Look, looks, require_kind

__all__ = ["filter_figure", "proposal_figure"]

SIDE = 160  # of a cell that shows one proposal, in pixels
BEST = 4  # slots in the figure of filters


def proposal_figure(inferencer: VISInferencer, pictures: Iterable[np.ndarray], frames: Sequence[int]) -> np.ndarray:
    """Masks by identity with the tracklet proposals as boxes (Figs. 5 and 6).

    Args:
        inferencer: holds an EfficientVIS.
        pictures: the video's frames, (H,W,3) uint8 RGB.
        frames: numbers of the frames to show.

    Returns:
        (h,w,3) uint8 RGB.

    Raises:
        InputError: the model is another one, or a frame cannot be taken.
    """
    require_kind(inferencer.model, EfficientVIS, "tracklet proposals")
    cells = []
    for look in looks(inferencer, pictures):
        boxes = look.geometry.to_original(look.result.proposals).cpu().numpy()
        for t in look.places(frames):
            masks = [row[t] for row in look.detections.masks or ()]
            cells.append(
                draw_tracks(
                    look.pictures[t],
                    masks,
                    boxes[:, t],
                    look.detections.track_ids,
                    scale=cell_scale(*look.pictures[t].shape[:2]),
                    with_boxes=True,
                )
            )
    return contact_sheet([Row("", cells, [f"frame {n}" for n in sorted(frames)])])


def filter_figure(inferencer: VISInferencer, pictures: Iterable[np.ndarray], frames: Sequence[int]) -> np.ndarray:
    """The proposals of the best slots, their RoI features and what the slots' filters leave of them (Fig. 4).

    Features are shown by their magnitude over the channels, in the last iteration; each picture has a scale of its own.

    Args:
        inferencer: holds an EfficientVIS.
        pictures: the video's frames, (H,W,3) uint8 RGB.
        frames: numbers of the frames to show, all in one clip.

    Returns:
        (h,w,3) uint8 RGB.

    Raises:
        InputError: the model is another one, or a frame cannot be taken.
    """
    model = require_kind(inferencer.model, EfficientVIS, "tracklet features")
    rows: list[Row] = []
    with _recorded(model.head.stage(-1).dynamic_conv) as calls:
        for look in looks(inferencer, pictures):
            if times := look.places(frames):
                rows += _rows(look, times, *calls[0])
            calls.clear()
    return contact_sheet(rows)


def _rows(look: Look, times: Sequence[int], before: Tensor, after: Tensor) -> Iterator[Row]:
    """Three rows for each of the best slots; features are (1,N,T,C,S,S)."""
    scores = look.detections.scores.max(axis=-1).mean(axis=1)
    boxes = look.geometry.to_original(look.result.proposals, clip=False).cpu().numpy()
    for slot in np.argsort(-scores, kind="stable")[:BEST].tolist():
        name = f"#{slot}"
        crops = [_cut_out(look.pictures[t], boxes[slot, t]) for t in times]
        framed = [cv2.rectangle(crop.copy(), (0, 0), (SIDE - 1, SIDE - 1), colour(slot), 4) for crop in crops]
        yield Row(f"{name} proposal", framed, [f"frame {look.start + t}" for t in times])
        for kind, features in (("RoI features", before), ("tracklet features", after)):
            sizes = [torch.linalg.vector_norm(features[0, slot, t].float(), dim=0).cpu().numpy() for t in times]
            yield Row(f"{name} {kind}", [heat(size, crop) for size, crop in zip(sizes, crops, strict=True)])


@contextmanager
def _recorded(layer: TemporalDynamicConv) -> Iterator[list[tuple[Tensor, Tensor]]]:
    """Within the block, the RoI features that a layer gets and the tracklet features that it makes are appended.

    The first call in a step is the one that updates the queries; the second one, if any, is that of the masks.
    """
    own, calls = layer.apply_filters, []

    def apply_filters(filters: DynamicFilters, roi_features: Tensor) -> Tensor:
        out = own(filters, roi_features)
        calls.append((roi_features, out))
        return out

    vars(layer)["apply_filters"] = apply_filters
    try:
        yield calls
    finally:
        del vars(layer)["apply_filters"]


def _cut_out(picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    """What a box (4,) xyxy shows, (SIDE,SIDE,3); black outside the picture."""
    x1, y1, x2, y2 = box.tolist()
    width, height = max(x2 - x1, 1.0), max(y2 - y1, 1.0)
    matrix = np.array([[SIDE / width, 0, -x1 * SIDE / width], [0, SIDE / height, -y1 * SIDE / height]])
    return cv2.warpAffine(picture, matrix, (SIDE, SIDE))
