"""Training losses of instance sequences (VisTR, Sec. 3.2 and 3.3), as plain functions."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmdet.models.losses.dice_loss import dice_loss
from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss
from torch import Tensor

from mmvis_ext.models.matching.clips import Matches
from mmvis_ext.structures.tracklets import Tracklets
from mmvis_ext.utils.errors import InputError

from .instance_losses import sampled_masks
from .matched import Entries, all_pairs, box_losses, pick_truth

__all__ = ["SequenceLossWeights", "sequence_losses", "sequence_mask_losses"]


class SequenceLossWeights(NamedTuple):
    """Weights of the loss terms, and ``nothing``, that of no object within the cross-entropy of classes."""

    cls: float = 1.0
    l1: float = 5.0
    giou: float = 2.0
    dice: float = 1.0
    mask: float = 1.0
    nothing: float = 0.1


def sequence_losses(
    class_logits: Tensor, boxes: Tensor, matches: Sequence[Matches], targets: Sequence[Tracklets], sizes: Tensor,
    entries: Entries, weights: SequenceLossWeights,
) -> dict[str, Tensor]:  # fmt: skip
    """Classes and boxes of one decoder layer.

    The cross-entropy takes every query and frame, and is divided by the sum of their weights, as in DETR. The class of
    a matched query is no object in the frames where its object is absent, that of other queries in all frames. Boxes
    count in the frames where the object is visible, and without matched pairs their losses are exactly zero.

    Args:
        class_logits: (B,N,T,K+1), the last one for no object.
        boxes: (B,N,T,4) xyxy pixels.
        matches: for each of B clips, the matched pairs.
        targets: for each of B clips, its ground truth.
        sizes: (B,2) height and width in pixels, to normalise L1.
        entries: of the batch, see :func:`count_entries`.
        weights: weights of the terms.

    Returns:
        ``loss_cls``, ``loss_bbox``, ``loss_giou``.
    """
    nothing = class_logits.shape[-1] - 1
    labels = torch.full(class_logits.shape[:-1], nothing, dtype=torch.int64, device=class_logits.device)
    visible = pick_truth([g.visible for g in targets], matches)
    labels[all_pairs(matches)] = torch.where(
        visible, pick_truth([g.labels for g in targets], matches)[:, None], nothing
    )
    importance = torch.ones_like(class_logits[0, 0, 0])
    importance[-1] = weights.nothing
    l1, giou = box_losses(boxes, matches, targets, sizes, entries, centred=True)
    return dict(
        loss_cls=weights.cls * F.cross_entropy(class_logits.flatten(0, 2), labels.flatten(), importance),
        loss_bbox=weights.l1 * l1,
        loss_giou=weights.giou * giou,
    )


def sequence_mask_losses(
    mask_logits: Tensor, stride: int, matches: Sequence[Matches], targets: Sequence[Tracklets], entries: Entries,
    weights: SequenceLossWeights,
) -> dict[str, Tensor]:  # fmt: skip
    """Masks of the matched pairs, averaged over the frames where their objects are visible.

    Args:
        mask_logits: (P,T,h,w), clip by clip, one per ``stride`` x ``stride`` input pixels.
        stride: input pixels per logit.
        matches: for each of B clips, the matched pairs, P together.
        targets: for each of B clips, its ground truth.
        entries: of the batch, see :func:`count_entries`.
        weights: weights of the terms.

    Returns:
        ``loss_dice`` in DETR's form, without squares, and ``loss_mask``, the focal loss averaged over a frame's pixels.

    Raises:
        InputError: the ground truth has boxes alone.
    """
    logits = mask_logits.flatten(0, 1)
    shown = pick_truth([g.visible for g in targets], matches).flatten().float() / entries.visible
    masks = pick_truth([g.masks for g in targets], matches).flatten(0, 1)
    if len(masks) and not masks.shape[-1]:
        raise InputError("the training samples have boxes alone, but VisTR learns masks; take a data set with masks.")
    truth = sampled_masks(masks, stride, logits.shape[-2:]).to(logits.dtype)
    dice = dice_loss(logits.sigmoid(), truth, naive_dice=True, eps=1.0, reduction="none")
    focal = py_sigmoid_focal_loss(logits.flatten(1), truth.flatten(1), reduction="none").mean(1)
    return dict(loss_dice=weights.dice * (dice * shown).sum(), loss_mask=weights.mask * (focal * shown).sum())
