"""One-to-one matching over whole tracklets (EfficientVIS, Sec. 3.2, Eq. 4)."""

import torch
from mmdet.structures.bbox import bbox_overlaps
from torch import Tensor

from mmvis_ext.registry import TASK_UTILS
from mmvis_ext.structures.tracklets import Tracklets

from .hungarian import cheapest_pairs

__all__ = ["TrackletAssigner", "soft_mask_iou"]


def soft_mask_iou(masks: Tensor, targets: Tensor) -> Tensor:
    """IoU of predicted and true masks per frame, with the product of two soft masks as their intersection.

    Args:
        masks: (N,T,h,w) in 0..1.
        targets: (G,T,h,w) in 0..1.

    Returns:
        (T,N,G); zero where both masks are empty.
    """
    p = masks.flatten(2).transpose(0, 1)  # (T,N,hw)
    g = targets.flatten(2).transpose(0, 1).to(p.dtype)
    intersection = p @ g.transpose(1, 2)
    union = p.sum(-1)[:, :, None] + g.sum(-1)[:, None, :] - intersection
    return intersection / union.clamp(min=1e-6)


@TASK_UTILS.register_module()
class TrackletAssigner:
    """Hungarian matching with a cost summed over the frames of a clip.

    Each frame contributes a class cost, the negative probability of the object's class; in frames where the object is
    absent its class is background, whose probability is 1 - max_k p_k. Frames where it is visible also contribute a box
    cost (L1 of normalised boxes, and negative GIoU) and a mask cost, the negative mask IoU.

    Args:
        class_weight: weight of the class cost.
        l1_weight: weight of the box L1 distance (summed over the four coordinates).
        giou_weight: weight of the negative GIoU.
        mask_weight: weight of the negative mask IoU.
    """

    def __init__(
        self, class_weight: float = 2.0, l1_weight: float = 5.0, giou_weight: float = 2.0, mask_weight: float = 2.0
    ) -> None:
        self.class_weight, self.l1_weight = class_weight, l1_weight
        self.giou_weight, self.mask_weight = giou_weight, mask_weight

    def cost(
        self, scores: Tensor, boxes: Tensor, masks: Tensor, gt_labels: Tensor, gt_boxes: Tensor, gt_masks: Tensor,
        visible: Tensor, size: tuple[float, float],
    ) -> Tensor:  # fmt: skip
        """Cost of every (query, ground truth) pair.

        Args:
            scores: (N,T,K) class probabilities.
            boxes: (N,T,4) xyxy pixels.
            masks: (N,T,h,w) probabilities on a grid over the frame.
            gt_labels: (G,).
            gt_boxes: (G,T,4) xyxy pixels.
            gt_masks: (G,T,h,w) on the same grid.
            visible: (G,T) bool.
            size: (H, W) in pixels, to normalise boxes.

        Returns:
            (N,G).
        """
        shown = visible.to(scores.dtype).T[:, None]  # (T,1,G)
        class_score = scores[:, :, gt_labels].transpose(0, 1)  # (T,N,G)
        background = 1 - scores.amax(-1).T[:, :, None]
        cost = -self.class_weight * (shown * class_score + (1 - shown) * background)
        scale = boxes.new_tensor([size[1], size[0], size[1], size[0]])
        p, g = boxes.transpose(0, 1), gt_boxes.transpose(0, 1)  # (T,N,4), (T,G,4)
        cost += shown * self.l1_weight * torch.cdist(p / scale, g / scale, p=1)
        cost -= shown * self.giou_weight * bbox_overlaps(p, g, mode="giou")
        cost -= shown * self.mask_weight * soft_mask_iou(masks, gt_masks)
        return cost.sum(0)

    @torch.no_grad()
    def assign(
        self, scores: Tensor, boxes: Tensor, masks: Tensor, gt_labels: Tensor, gt_boxes: Tensor, gt_masks: Tensor,
        visible: Tensor, size: tuple[float, float],
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Match queries to ground truths; arguments as in :meth:`cost`.

        Returns:
            Query and ground-truth indices of the P = min(N,G) matched pairs, (P,) int64 each, in order of the queries.
        """
        return cheapest_pairs(self.cost(scores, boxes, masks, gt_labels, gt_boxes, gt_masks, visible, size))

    def __call__(
        self, scores: Tensor, boxes: Tensor, masks: Tensor, targets: Tracklets, grid_masks: Tensor,
        size: tuple[float, float],
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Like :meth:`assign`, with the ground truth as :class:`Tracklets` and its masks on the grid, (G,T,h,w)."""
        return self.assign(scores, boxes, masks, targets.labels, targets.boxes, grid_masks, targets.visible, size)
