"""Losses of matched queries that EfficientVIS and InsPro share: classes and boxes, as plain functions."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmdet.models.losses.focal_loss import py_sigmoid_focal_loss
from mmdet.models.losses.iou_loss import giou_loss
from mmdet.structures.bbox import bbox_xyxy_to_cxcywh
from mmdet.utils import reduce_mean
from torch import Tensor

from mmvis_ext.models.matching.clips import Matches
from mmvis_ext.structures.tracklets import Tracklets

__all__ = [
    "Entries", "all_pairs", "box_losses", "class_loss", "class_targets", "count_entries", "pick_matched", "pick_truth",
]  # fmt: skip


class Entries(NamedTuple):
    """Numbers of entries by which losses are normalised, per process (the mean over processes).

    An entry is one frame of one matched pair: a pair has T entries.

    Attributes:
        all: (), number of all entries.
        visible: (), number of entries in whose frame the object is visible.
    """

    all: Tensor
    visible: Tensor


def count_entries(matches: Sequence[Matches], targets: Sequence[Tracklets], length: int) -> Entries:
    """Count the entries of a batch of clips of ``length`` frames, averaged over processes; both are at least 1."""
    device = targets[0].boxes.device
    every = sum(len(m.queries) for m in matches) * length
    shown = sum(t.visible[m.targets].sum() for m, t in zip(matches, targets, strict=True))
    counts = torch.stack([torch.tensor(float(every), device=device), torch.as_tensor(shown, device=device).float()])
    return Entries(*reduce_mean(counts).clamp(min=1.0))


def all_pairs(matches: Sequence[Matches]) -> tuple[Tensor, Tensor]:
    """The clip and the query of all P matched pairs of a batch, clip by clip: two indices (P,) int64."""
    queries = torch.cat([m.queries for m in matches])
    clip = torch.tensor([b for b, m in enumerate(matches) for _ in range(len(m.queries))], dtype=torch.int64)
    return clip.to(queries.device), queries


def class_targets(
    matches: Sequence[Matches], targets: Sequence[Tracklets], num_queries: int, num_classes: int
) -> Tensor:
    """One-hot class targets per query and frame; a row of zeros means background.

    A matched query is background in the frames where its object is absent, an unmatched query in all frames.

    Returns:
        (B,N,T,K) float.
    """
    onehot = F.one_hot(pick_truth([g.labels for g in targets], matches), num_classes).float()  # (P,K)
    visible = pick_truth([g.visible for g in targets], matches).float()  # (P,T)
    out = onehot.new_zeros(len(matches), num_queries, visible.shape[1], num_classes)
    out[all_pairs(matches)] = onehot[:, None] * visible[..., None]
    return out


def class_loss(
    class_logits: Tensor, matches: Sequence[Matches], targets: Sequence[Tracklets], entries: Entries
) -> Tensor:
    """Focal loss of (B,N,T,K) logits, summed over all queries and frames, per visible entry."""
    _, n, _, k = class_logits.shape
    onehot = class_targets(matches, targets, n, k)
    return py_sigmoid_focal_loss(class_logits.flatten(0, 2), onehot.flatten(0, 2), reduction="sum") / entries.visible


def pick_matched(predictions: Tensor, matches: Sequence[Matches]) -> Tensor:
    """Select the predictions of all P matched queries of a batch, clip by clip: (B,N,T,...) -> (P,T,...)."""
    return predictions[all_pairs(matches)]


def pick_truth(truths: Sequence[Tensor], matches: Sequence[Matches]) -> Tensor:
    """Select the ground truth of all P matched pairs of a batch, clip by clip: B of (G,T,...) -> (P,T,...)."""
    return torch.cat([truth[m.targets] for m, truth in zip(matches, truths, strict=True)])


def box_losses(
    boxes: Tensor, matches: Sequence[Matches], targets: Sequence[Tracklets], sizes: Tensor, entries: Entries,
    centred: bool = False,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """L1 loss of normalised boxes and GIoU loss, in the frames where a matched object is visible.

    Args:
        boxes: (B,N,T,4) xyxy pixels.
        matches: for each of B clips, the matched pairs.
        targets: for each of B clips, its ground truth.
        sizes: (B,2) height and width in pixels.
        entries: of the batch, see :func:`count_entries`.
        centred: L1 of centre and size, as in DETR, and not of the corners, as in Sparse R-CNN.

    Returns:
        L1 (summed over the four coordinates) and GIoU loss, both averaged over the visible entries.
    """
    shown = pick_truth([g.visible for g in targets], matches).flatten().float()
    truth = pick_truth([g.boxes for g in targets], matches)
    scale = torch.cat([s.flip(0).repeat(len(m.queries), 2) for m, s in zip(matches, sizes, strict=True)])  # (P,4)
    moved = pick_matched(boxes, matches)
    difference = (moved - truth) / scale[:, None]
    l1 = (bbox_xyxy_to_cxcywh(difference) if centred else difference).abs().sum(-1).flatten()
    giou = giou_loss(moved.flatten(0, 1), truth.flatten(0, 1), reduction="none")
    return (l1 * shown).sum() / entries.visible, (giou * shown).sum() / entries.visible
