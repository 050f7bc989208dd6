"""Cost of matching one frame's predictions with its ground truths (InsPro, Eq. 3; Sparse R-CNN)."""

from mmdet.models.task_modules.assigners import BBoxL1Cost, FocalLossCost, IoUCost
from mmengine.structures import InstanceData
from torch import Tensor

from mmvis_ext.registry import TASK_UTILS

__all__ = ["InstanceCost"]


@TASK_UTILS.register_module()
class InstanceCost:
    """The sum of mmdet's focal, L1 and GIoU costs.

    Args:
        class_weight: weight of the focal cost.
        l1_weight: weight of the L1 distance between normalised xyxy boxes.
        giou_weight: weight of the negative GIoU.
    """

    def __init__(self, class_weight: float = 2.0, l1_weight: float = 5.0, giou_weight: float = 2.0) -> None:
        self.costs = (FocalLossCost(weight=class_weight), BBoxL1Cost("xyxy", l1_weight), IoUCost("giou", giou_weight))

    def __call__(
        self, class_logits: Tensor, boxes: Tensor, gt_labels: Tensor, gt_boxes: Tensor, size: tuple[float, float]
    ) -> Tensor:
        """Cost of every (prediction, ground truth) pair.

        Args:
            class_logits: (N,K).
            boxes: (N,4) xyxy pixels.
            gt_labels: (G,) int64.
            gt_boxes: (G,4) xyxy pixels.
            size: (H, W) in pixels, to normalise boxes.

        Returns:
            (N,G).
        """
        predictions = InstanceData(scores=class_logits, bboxes=boxes)
        truths = InstanceData(labels=gt_labels, bboxes=gt_boxes)
        return sum(cost(predictions, truths, dict(img_shape=size)) for cost in self.costs)
