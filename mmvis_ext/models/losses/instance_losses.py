"""Training losses of matched instances on one frame (InsPro, Sec. 3.4), as plain functions."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmdet.models.losses.dice_loss import dice_loss
from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from mmvis_ext.models.matching.clips import Matches
from mmvis_ext.structures.tracklets import Tracklets

from .dedup import box_deduplication_loss
from .matched import Entries, all_pairs, box_losses, class_loss, pick_truth

__all__ = ["InstanceLossWeights", "instance_losses", "mask_losses", "sampled_masks"]


class InstanceLossWeights(NamedTuple):
    """Weights of the loss terms, and ``beta`` and ``k`` of :func:`box_deduplication_loss`.

    ``dedup=0`` leaves box deduplication out.
    """

    cls: float = 2.0
    l1: float = 5.0
    giou: float = 2.0
    dedup: float = 1.0
    dice: float = 5.0
    mask: float = 5.0
    beta: float = 0.1
    k: int = 5


def sampled_masks(masks: Tensor, stride: int, grid: Sequence[int]) -> Tensor:
    """What the ground truth shows in the middle of each cell of ``stride`` x ``stride`` pixels, as in CondInst.

    Args:
        masks: (P,H,W) uint8.
        stride: in pixels.
        grid: (h, w) number of cells, a row or column more or less than H / stride from rounding in the pyramid.

    Returns:
        (P,h,w) uint8.
    """
    sampled = masks[:, stride // 2 :: stride, stride // 2 :: stride]
    # a negative pad cuts off
    return F.pad(sampled, (0, grid[1] - sampled.shape[-1], 0, grid[0] - sampled.shape[-2]))


def mask_losses(mask_logits: Tensor, masks: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Dice and focal loss of instance masks.

    Args:
        mask_logits: (P,h,w), one per ``stride`` x ``stride`` input pixels.
        masks: (P,H,W) uint8 on the padded network input.
        stride: input pixels per logit, see :func:`sampled_masks`.

    Returns:
        Dice loss and focal loss, both summed over the P masks; the focal loss is averaged over each mask's pixels.
    """
    truth = sampled_masks(masks, stride, mask_logits.shape[-2:]).to(mask_logits.dtype)
    dice = dice_loss(mask_logits.sigmoid(), truth, reduction="none").sum()
    focal = py_sigmoid_focal_loss(mask_logits.flatten(1), truth.flatten(1), reduction="none").mean(1).sum()
    return dice, focal


def instance_losses(
    class_logits: Tensor, boxes: Tensor, mask_logits: Tensor | None, mask_stride: int,
    matches: Sequence[Matches], targets: Sequence[Tracklets], sizes: Tensor, entries: Entries,
    weights: InstanceLossWeights,
) -> dict[str, Tensor]:  # fmt: skip
    """All terms of Eq. 6 for one stage on one frame of each sample.

    Terms are averaged over the matched objects of the batch, deduplication over samples. If nothing is matched, box
    and mask losses are exactly zero.

    Args:
        class_logits: (B,N,1,K).
        boxes: (B,N,1,4) xyxy pixels.
        mask_logits: (P,h,w) of the matched queries, sample by sample; ``None`` without masks (InsPro-VID).
        mask_stride: input pixels per mask logit.
        matches: for each of B samples, the matched pairs; only objects that are visible in the frame.
        targets: for each of B samples, its ground truth with T = 1.
        sizes: (B,2) height and width in pixels, to normalise L1.
        entries: number of matched pairs of the batch, see :func:`count_entries`.
        weights: weights of the terms.

    Returns:
        ``loss_cls``, ``loss_bbox``, ``loss_giou``, ``loss_dedup`` and, with masks, ``loss_dice`` and ``loss_mask``.
    """
    l1, giou = box_losses(boxes, matches, targets, sizes, entries)
    losses = dict(
        loss_cls=weights.cls * class_loss(class_logits, matches, targets, entries),
        loss_bbox=weights.l1 * l1,
        loss_giou=weights.giou * giou,
    )
    if weights.dedup > 0:
        matched = torch.zeros(boxes.shape[:2], dtype=torch.bool, device=boxes.device)
        matched[all_pairs(matches)] = True
        truth, shown = (
            pad_sequence([part[:, 0] for part in parts], batch_first=True)
            for parts in (
                [g.boxes for g in targets],
                [g.visible for g in targets],
            )
        )
        dedup = box_deduplication_loss(boxes[:, :, 0], matched, truth, shown, weights.beta, weights.k)
        losses["loss_dedup"] = weights.dedup * dedup.mean()
    if mask_logits is not None:
        masks = pick_truth([g.masks for g in targets], matches)[:, 0]
        dice, focal = mask_losses(mask_logits, masks, mask_stride)
        losses.update(loss_dice=weights.dice * dice / entries.visible, loss_mask=weights.mask * focal / entries.visible)
    return losses
