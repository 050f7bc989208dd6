"""Box deduplication loss (InsPro, Eq. 4)."""

import torch
from mmdet.structures.bbox import bbox_overlaps
from torch import Tensor

__all__ = ["box_deduplication_loss"]


def box_deduplication_loss(
    pred_boxes: Tensor, matched: Tensor, gt_boxes: Tensor, shown: Tensor, beta: float = 0.1, k: int = 5
) -> Tensor:
    """Push unmatched predictions away from the ground truths that they overlap most.

    For each ground truth, take the k unmatched predictions with the largest IoU (all of them if there are fewer). The
    loss is the mean over these of ``max(beta - c^2 / d^2, 0)``, where c is the distance between the two boxes' centres
    and d the ground truth's diagonal.

    Args:
        pred_boxes: (B,P,4) xyxy.
        matched: (B,P) bool; matched predictions get no gradient.
        gt_boxes: (B,G,4) xyxy, in the same units, for the largest G of the B samples.
        shown: (B,G) bool, which of them are ground truths of their sample.
        beta: value of c^2 / d^2 from which on a prediction is no longer pushed.
        k: number of predictions per ground truth.

    Returns:
        (B,), the means over each sample's ground truths; 0 if there are none or every prediction is matched.
    """
    overlaps = bbox_overlaps(gt_boxes, pred_boxes.detach())  # (B,G,P)
    taken = matched[:, None].expand_as(overlaps)
    nearest = torch.where(taken, -1.0, overlaps).topk(min(k, pred_boxes.shape[1]), dim=2).indices  # (B,G,k)
    pushed = ~taken.gather(2, nearest) & shown[..., None]
    sample = torch.arange(len(pred_boxes), device=pred_boxes.device)[:, None, None]
    rivals = pred_boxes[sample, nearest]  # (B,G,k,4)
    shift = (rivals[..., :2] + rivals[..., 2:] - gt_boxes[:, :, None, :2] - gt_boxes[:, :, None, 2:]) / 2
    diagonal = (gt_boxes[..., 2:] - gt_boxes[..., :2]).square().sum(-1, keepdim=True).clamp(min=1e-6)
    terms = (beta - shift.square().sum(-1) / diagonal).clamp(min=0) * pushed
    return terms.sum((1, 2)) / pushed.sum((1, 2)).clamp(min=1)
