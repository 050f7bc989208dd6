"""One-to-one matching of instance sequences (VisTR, Sec. 3.2, "Instance Sequence Matching")."""

import torch
from mmdet.structures.bbox import bbox_overlaps, bbox_xyxy_to_cxcywh
from torch import Tensor

from mmvis_ext.registry import TASK_UTILS
from mmvis_ext.structures.tracklets import Tracklets

from .clips import Matches
from .hungarian import cheapest_pairs

__all__ = ["SequenceAssigner"]


@TASK_UTILS.register_module()
class SequenceAssigner:
    """Hungarian matching with a cost averaged over the T frames of a clip.

    In each frame the class cost is the negative probability of the object's class, or of no object where the object is
    absent. Frames where it is visible also have a box cost, as in DETR: L1 of normalised boxes, and negative GIoU.
    Masks take no part.

    Args:
        class_weight: weight of the class cost.
        l1_weight: weight of the L1 distance of centre and size (summed over the four).
        giou_weight: weight of the negative GIoU.
    """

    def __init__(self, class_weight: float = 1.0, l1_weight: float = 5.0, giou_weight: float = 2.0) -> None:
        self.class_weight, self.l1_weight, self.giou_weight = class_weight, l1_weight, giou_weight

    def cost(self, scores: Tensor, boxes: Tensor, targets: Tracklets, size: tuple[float, float]) -> Tensor:
        """Cost of every pair of an instance sequence and a ground truth.

        Args:
            scores: (N,T,K+1) probabilities, the last one of no object.
            boxes: (N,T,4) xyxy pixels.
            targets: the G ground truths.
            size: (H, W) in pixels, to normalise boxes.

        Returns:
            (N,G).
        """
        shown = targets.visible.T[:, None].to(scores.dtype)  # (T,1,G)
        of_class, of_nothing = (
            scores[..., targets.labels].transpose(0, 1),
            scores[..., -1].T[:, :, None],
        )  # (T,N,G or 1)
        cost = -self.class_weight * (shown * of_class + (1 - shown) * of_nothing)
        scale = boxes.new_tensor([size[1], size[0], size[1], size[0]])
        p, g = boxes.transpose(0, 1), targets.boxes.transpose(0, 1)  # (T,N,4), (T,G,4)
        distance = torch.cdist(bbox_xyxy_to_cxcywh(p / scale), bbox_xyxy_to_cxcywh(g / scale), p=1)
        of_boxes = self.l1_weight * distance - self.giou_weight * bbox_overlaps(p, g, mode="giou")
        return (cost + shown * of_boxes).mean(0)

    @torch.no_grad()
    def __call__(self, class_logits: Tensor, boxes: Tensor, targets: Tracklets, size: tuple[float, float]) -> Matches:
        """Match the output of one decoder layer on one clip; arguments as in :meth:`cost`, with logits (N,T,K+1)."""
        return Matches(*cheapest_pairs(self.cost(class_logits.softmax(-1), boxes, targets, size)))
