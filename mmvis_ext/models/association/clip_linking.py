"""Hand-crafted linking of tracklets between clips, the comparison of EfficientVIS's Table 1d."""

from typing import NamedTuple

import torch
from mmdet.structures.bbox import bbox_overlaps
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from mmvis_ext.registry import TASK_UTILS

__all__ = ["ClipLinker", "LinkMemory"]


class LinkMemory(NamedTuple):
    """How each known track looked when it was last seen.

    Attributes:
        boxes: (M,4) xyxy, normalised to 0..1.
        masks: (M,h,w) probabilities on a grid over the frame.
        labels: (M,) int64, best class over the clip.
        track_ids: (M,) int64.
        next_id: the id that the next new track gets.
    """

    boxes: Tensor
    masks: Tensor
    labels: Tensor
    track_ids: Tensor
    next_id: int


@TASK_UTILS.register_module()
class ClipLinker:
    """Links the tracklets of a clip to known tracks by the Hungarian algorithm on an affinity in 0..1.

    The affinity compares a track in the frame where it was last visible with a tracklet in the frame where it is first
    visible. It is the weighted mean of four parts: box IoU, one minus the mean L1 distance of the normalised boxes,
    mask IoU, and 1 or 0 for the same or another class.

    Args:
        min_affinity: pairs with a lower affinity are not linked; the paper sweeps this and reports the best result.
        weights: weights of the four parts, in this order.
    """

    def __init__(
        self, min_affinity: float = 0.5, weights: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    ) -> None:
        self.min_affinity, self.weights = min_affinity, weights

    def affinity(self, memory: LinkMemory, boxes: Tensor, masks: Tensor, labels: Tensor) -> Tensor:
        """Affinity of M known tracks and N tracklets.

        Args:
            memory: the M tracks.
            boxes: (N,4) xyxy, normalised to 0..1, of each tracklet in the frame where it is first visible.
            masks: (N,h,w) probabilities in that frame.
            labels: (N,) int64.

        Returns:
            (M,N) in 0..1.
        """
        p, q = memory.masks.flatten(1), masks.flatten(1)
        intersection = p @ q.T
        union = p.sum(1)[:, None] + q.sum(1)[None] - intersection
        parts = (
            bbox_overlaps(memory.boxes, boxes),
            1 - torch.cdist(memory.boxes, boxes, p=1) / 4,
            intersection / union.clamp(min=1e-6),
            (memory.labels[:, None] == labels[None]).float(),
        )
        return sum(w * part for w, part in zip(self.weights, parts, strict=True)) / sum(self.weights)

    def link(
        self, memory: LinkMemory | None, scores: Tensor, boxes: Tensor, masks: Tensor, visible: Tensor
    ) -> tuple[list[int], LinkMemory]:
        """Give every tracklet of a clip its track id.

        Args:
            memory: the known tracks before this clip; ``None`` at the start of a video.
            scores: (N,T,K) class scores.
            boxes: (N,T,4) normalised xyxy.
            masks: (N,T,h,w) probabilities.
            visible: (N,T) bool.

        Returns:
            N track ids, -1 for a tracklet that is visible in no frame, and the new memory.
        """
        shown = visible.any(1).nonzero().squeeze(1)
        first = visible.int().argmax(1)[shown]
        last = visible.shape[1] - 1 - visible.flip(1).int().argmax(1)[shown]
        counted = scores[shown] * visible[shown, :, None]
        labels = counted.sum(1).argmax(1)
        now = LinkMemory(boxes[shown, last], masks[shown, last], labels, torch.full_like(shown, -1), 0)
        next_id = 0
        if memory is not None:
            next_id = memory.next_id
            affinity = self.affinity(memory, boxes[shown, first], masks[shown, first], labels)
            rows, columns = linear_sum_assignment(affinity.cpu().numpy(), maximize=True)
            for row, column in zip(rows, columns, strict=True):
                if affinity[row, column] >= self.min_affinity:
                    now.track_ids[column] = memory.track_ids[row]
        new = now.track_ids < 0
        now.track_ids[new] = torch.arange(next_id, next_id + int(new.sum()), device=shown.device)
        ids = torch.full((len(scores),), -1, dtype=torch.int64)
        ids[shown.cpu()] = now.track_ids.cpu()
        return ids.tolist(), _merge(memory, now._replace(next_id=next_id + int(new.sum())))


def _merge(memory: LinkMemory | None, now: LinkMemory) -> LinkMemory:
    """The memory with the entries of all tracks seen in this clip renewed; those of other tracks stay."""
    if memory is None:
        return now
    kept = ~torch.isin(memory.track_ids, now.track_ids)
    boxes, masks, labels, track_ids = (
        torch.cat([old[kept], new]) for old, new in zip(memory[:4], now[:4], strict=True)
    )
    return LinkMemory(boxes, masks, labels, track_ids, now.next_id)
