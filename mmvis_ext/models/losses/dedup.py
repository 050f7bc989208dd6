"""Box deduplication loss (InsPro, Eq. 4)."""

from mmdet.structures.bbox import bbox_overlaps
from torch import Tensor

__all__ = ["box_deduplication_loss"]


def box_deduplication_loss(
    pred_boxes: Tensor, matched: Tensor, gt_boxes: Tensor, beta: float = 0.1, k: int = 5
) -> Tensor:
    """Push unmatched predictions away from the ground truths that they overlap most.

    For each ground truth, the mean over the k unmatched predictions of largest IoU of
    ``max(beta - c^2 / d^2, 0)``, where c is the distance between the centres and d the diagonal of the ground truth.
    Where fewer than k are unmatched, the mean is over those.

    Args:
        pred_boxes: (P,4) xyxy.
        matched: (P,) bool; matched predictions get no gradient.
        gt_boxes: (G,4) xyxy, in the same units.
        beta: squared distance, in diagonals, beyond which nothing is pushed.
        k: predictions per ground truth.

    Returns:
        scalar, the mean over ground truths; 0 where there are none or every prediction is matched.
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
