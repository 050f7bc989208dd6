"""Training losses over matched tracklets (EfficientVIS, Sec. 3.2, Eq. 5), as plain functions."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmdet.models.losses.dice_loss import dice_loss
from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss
from mmdet.models.losses.iou_loss import giou_loss
from mmdet.utils import reduce_mean
from torch import Tensor

from mmvis_ext.models.mask.paste import crop_masks
from mmvis_ext.structures.tracklets import Tracklets

__all__ = ["LossWeights", "Matches", "class_targets", "count_entries", "tracklet_losses"]


class LossWeights(NamedTuple):
    """Balance of the terms; class, L1, GIoU as in Sparse R-CNN."""

    cls: float = 2.0
    l1: float = 5.0
    giou: float = 2.0
    dice: float = 5.0
    mask: float = 2.0


class Matches(NamedTuple):
    """Matched pairs of one clip: queries (P,) and ground truths (P,), int64."""

    queries: Tensor
    targets: Tensor


class Entries(NamedTuple):
    """Numbers of (pair, frame) entries, averaged over all processes: all of them, and those that show the object."""

    all: Tensor
    visible: Tensor


def count_entries(matches: Sequence[Matches], targets: Sequence[Tracklets], length: int) -> Entries:
    """Count a batch's entries over all processes, at least 1 each, for clips of ``length`` frames."""
    device = targets[0].boxes.device
    every = sum(len(m.queries) for m in matches) * length
    shown = sum(t.visible[m.targets].sum() for m, t in zip(matches, targets, strict=True))
    counts = torch.stack([torch.tensor(float(every), device=device), torch.as_tensor(shown, device=device).float()])
    return Entries(*reduce_mean(counts).clamp(min=1.0))


def class_targets(matches: Matches, targets: Tracklets, num_queries: int, num_classes: int) -> Tensor:
    """One-hot class targets per query and frame; all zero is background.

    A matched query is background where its object is absent; an unmatched one everywhere.

    Returns:
        (N,T,K) float.
    """
    onehot = F.one_hot(targets.labels[matches.targets], num_classes).float()  # (P,K)
    out = targets.boxes.new_zeros(num_queries, targets.visible.shape[1], num_classes)
    out[matches.queries] = onehot[:, None] * targets.visible[matches.targets][..., None].float()
    return out


def tracklet_losses(
    class_logits: Tensor, boxes: Tensor, mask_logits: Tensor, proposals: Tensor,
    matches: Sequence[Matches], targets: Sequence[Tracklets], sizes: Tensor, entries: Entries, weights: LossWeights,
) -> dict[str, Tensor]:  # fmt: skip
    """All terms of Eq. 5 for one iteration.

    Focal class loss on every query and frame. On matched pairs: binary cross-entropy of the mask in every frame,
    towards an empty mask where the object is absent; box L1, GIoU and dice where it is visible. Class, box and dice
    are averaged over the visible entries, cross-entropy over all entries. Without pairs, all but the class loss
    are exactly zero.

    Args:
        class_logits: (B,N,T,K).
        boxes: (B,N,T,4) xyxy pixels.
        mask_logits: (P,T,s,s) of the matched queries, clip after clip, inside their ``proposals``.
        proposals: (B,N,T,4) xyxy pixels.
        matches: B matched pairs.
        targets: B ground truths.
        sizes: (B,2) height and width in pixels, to normalise L1.
        entries: of the batch, see :func:`count_entries`.
        weights: of the terms.

    Returns:
        ``loss_cls``, ``loss_mask``, ``loss_bbox``, ``loss_giou``, ``loss_dice``.
    """
    _, n, _, k = class_logits.shape
    onehot = torch.stack([class_targets(m, g, n, k) for m, g in zip(matches, targets, strict=True)])
    focal = py_sigmoid_focal_loss(class_logits.flatten(0, 2), onehot.flatten(0, 2), reduction="sum")
    losses = dict(loss_cls=weights.cls * focal / entries.visible)

    def matched(x: Tensor) -> Tensor:
        """Predictions of the matched pairs of all clips: (P,T,...)."""
        return torch.cat([x[b, m.queries] for b, m in enumerate(matches)])

    visible = torch.cat([g.visible[m.targets] for m, g in zip(matches, targets, strict=True)])  # (P,T)
    truth = torch.cat([g.boxes[m.targets] for m, g in zip(matches, targets, strict=True)])
    scale = torch.cat([s.flip(0).repeat(len(m.queries), 2) for m, s in zip(matches, sizes, strict=True)])  # (P,4)

    logits, crops = mask_logits.flatten(0, 1), matched(proposals).flatten(0, 1).detach()
    masks = torch.cat([g.masks[m.targets] for m, g in zip(matches, targets, strict=True)]).flatten(0, 1)
    shown = visible.flatten().float()
    mask_targets = crop_masks(masks, crops, logits.shape[-1])  # an absent object's mask is empty
    bce = F.binary_cross_entropy_with_logits(logits, mask_targets, reduction="none").mean((1, 2)).sum()
    dice = (dice_loss(logits.sigmoid(), mask_targets, reduction="none") * shown).sum()
    losses.update(loss_mask=weights.mask * bce / entries.all, loss_dice=weights.dice * dice / entries.visible)

    moved = matched(boxes)
    l1 = ((moved - truth) / scale[:, None]).abs().sum(-1).flatten()
    giou = giou_loss(moved.flatten(0, 1), truth.flatten(0, 1), reduction="none")
    losses.update(
        loss_bbox=weights.l1 * (l1 * shown).sum() / entries.visible,
        loss_giou=weights.giou * (giou * shown).sum() / entries.visible,
    )
    return losses
