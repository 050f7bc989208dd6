"""Box deduplication loss (InsPro, Eq. 4)."""

from mmdet.structures.bbox import bbox_overlaps
from torch import Tensor

__all__ = ["box_deduplication_loss"]


def box_deduplication_loss(
    pred_boxes: Tensor, matched: Tensor, gt_boxes: Tensor, beta: float = 0.1, k: int = 5
) -> Tensor:
    """Push unmatched predictions away from the ground truths that they overlap most.

    For each ground truth, take the k unmatched predictions with the largest IoU (all of them if there are fewer). The
    loss is the mean over these of ``max(beta - c^2 / d^2, 0)``, where c is the distance between the two boxes' centres
    and d the ground truth's diagonal.

    Args:
        pred_boxes: (P,4) xyxy.
        matched: (P,) bool; matched predictions get no gradient.
        gt_boxes: (G,4) xyxy, in the same units.
        beta: value of c^2 / d^2 from which on a prediction is no longer pushed.
        k: number of predictions per ground truth.

    Returns:
        Scalar (), the mean over ground truths; 0 if there are none or every prediction is matched.
    """
    free = pred_boxes[~matched]
    k = min(k, len(free))
    if k == 0 or len(gt_boxes) == 0:
        return pred_boxes.sum() * 0
    nearest = bbox_overlaps(gt_boxes, free.detach()).topk(k, dim=1).indices  # (G,k)
    rivals = free[nearest]  # (G,k,4)
    shift = (rivals[..., :2] + rivals[..., 2:] - gt_boxes[:, None, :2] - gt_boxes[:, None, 2:]) / 2
    diagonal = (gt_boxes[:, 2:] - gt_boxes[:, :2]).square().sum(-1).clamp(min=1e-6)
    return (beta - shift.square().sum(-1) / diagonal[:, None]).clamp(min=0).mean()
