"""Training losses over matched tracklets (EfficientVIS, Sec. 3.2, Eq. 5), as plain functions."""

from collections.abc import Sequence
from typing import NamedTuple

import torch.nn.functional as F
from mmdet.models.losses.dice_loss import dice_loss
from torch import Tensor

from mmvis_ext.models.mask.paste import crop_masks
from mmvis_ext.models.matching.clips import Matches
from mmvis_ext.structures.tracklets import Tracklets

from .matched import Entries, box_losses, class_loss, pick_matched, pick_truth

__all__ = ["LossWeights", "tracklet_losses"]


class LossWeights(NamedTuple):
    """Weights of the loss terms; class, L1 and GIoU as in Sparse R-CNN."""

    cls: float = 2.0
    l1: float = 5.0
    giou: float = 2.0
    dice: float = 5.0
    mask: float = 2.0


def tracklet_losses(
    class_logits: Tensor, boxes: Tensor, mask_logits: Tensor, proposals: Tensor,
    matches: Sequence[Matches], targets: Sequence[Tracklets], sizes: Tensor, entries: Entries, weights: LossWeights,
) -> dict[str, Tensor]:  # fmt: skip
    """All terms of Eq. 5 for one iteration.

    The focal class loss takes every query and frame, the other terms matched pairs only: binary cross-entropy of the
    mask in every frame, with an empty target mask where the object is absent; box L1, GIoU and dice in the frames where
    it is visible. Cross-entropy is divided by the number of all entries, the other terms by that of the visible ones,
    see :class:`Entries`. Without matched pairs, all terms but the class loss are exactly zero.

    Args:
        class_logits: (B,N,T,K).
        boxes: (B,N,T,4) xyxy pixels.
        mask_logits: (P,T,s,s) of the matched queries, clip by clip, each on an s x s grid inside its proposal.
        proposals: (B,N,T,4) xyxy pixels.
        matches: for each of B clips, the matched pairs.
        targets: for each of B clips, its ground truth.
        sizes: (B,2) height and width in pixels, to normalise L1.
        entries: of the batch, see :func:`count_entries`.
        weights: weights of the terms.

    Returns:
        ``loss_cls``, ``loss_mask``, ``loss_bbox``, ``loss_giou``, ``loss_dice``.
    """
    logits, crops = mask_logits.flatten(0, 1), pick_matched(proposals, matches).flatten(0, 1).detach()
    masks = pick_truth([g.masks for g in targets], matches).flatten(0, 1)
    shown = pick_truth([g.visible for g in targets], matches).flatten().float()
    mask_targets = crop_masks(masks, crops, logits.shape[-1])  # empty where the object is absent
    bce = F.binary_cross_entropy_with_logits(logits, mask_targets, reduction="none").mean((1, 2)).sum()
    dice = (dice_loss(logits.sigmoid(), mask_targets, reduction="none") * shown).sum()
    l1, giou = box_losses(boxes, matches, targets, sizes, entries)
    return dict(
        loss_cls=weights.cls * class_loss(class_logits, matches, targets, entries),
        loss_mask=weights.mask * bce / entries.all,
        loss_dice=weights.dice * dice / entries.visible,
        loss_bbox=weights.l1 * l1,
        loss_giou=weights.giou * giou,
    )
