"""The training loss of SRNet (Sec. 3.3 to 3.6, Eq. 5, 7, 8 and 9), as plain functions."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from mmdet.models.losses.dice_loss import dice_loss
from torch import Tensor

from mmvis_ext.models.dense.grid import mass_centres, nearest_pixels
from mmvis_ext.models.dense.head import DenseOutput
from mmvis_ext.models.dense.probability import embed, instance_probabilities, with_extra
from mmvis_ext.models.dense.targets import DenseTargets

from .lovasz import lovasz_hinge

__all__ = ["CENTRES", "IOU_LOSSES", "DenseLossWeights", "dense_losses", "iou_losses"]

IOU_LOSSES = ("lovasz", "dice")
CENTRES = ("mass", "predicted")
NOBODY = -100  # label of pixels that belong to no instance


@dataclass(frozen=True)
class DenseLossWeights:
    """Weights of the loss terms; they are all 1 in the paper."""

    iou: float = 1.0
    smooth: float = 1.0
    track: float = 1.0
    score: float = 1.0
    category: float = 1.0


def iou_losses(probabilities: Tensor, masks: Tensor, known: Tensor, kind: str) -> Tensor:
    """The IoU loss of each instance (L_IOU in Eq. 5).

    Args:
        probabilities: (n,...) in 0..1, at any number of pixels.
        masks: (n,...) bool.
        known: (n,...) bool; the other pixels do not count.
        kind: ``lovasz``, the Lovasz hinge on 2P - 1, or ``dice``.

    Returns:
        (n,).
    """
    if kind == "lovasz":
        return lovasz_hinge(2 * probabilities.flatten(1) - 1, masks.flatten(1), known.flatten(1))
    return dice_loss(probabilities * known, (masks & known).to(probabilities.dtype), reduction="none")


def dense_losses(
    outputs: Sequence[DenseOutput], targets: Sequence[DenseTargets], extra_bandwidths: Sequence[float],
    count: Tensor, linked: Tensor, weights: DenseLossWeights, iou: str = "lovasz", centre: str = "mass",
) -> dict[str, Tensor]:  # fmt: skip
    """All loss terms for a batch of frames.

    If no frame has an instance, all terms but the score (objectness) are exactly zero, and so are their gradients.
    Pixels that are not known count in none.

    Args:
        outputs: predictions of the frames, those of one size together.
        targets: their targets, likewise.
        extra_bandwidths: the fixed bandwidths of the extra dimensions.
        count: () number of instances per process (the mean over processes), each with its frame's weight, at least 1;
            normalises IoU and smoothness.
        linked: () likewise, of those that are also visible in the frame before; normalises the tracking term.
        weights: weights of the terms.
        iou: kind of IoU loss, see :func:`iou_losses`.
        centre: the point at which an instance's tracking vector is read: the ``mass`` centre of its mask, or the mean
            of the points that its pixels point to (``predicted``).

    Returns:
        ``loss_iou``, ``loss_smooth``, ``loss_track``, ``loss_score`` and, with categories, ``loss_category``.
    """
    # a zero that depends on every map, so that each of them has a gradient
    zero = torch.stack([maps.sum() for output in outputs for maps in output if maps is not None]).sum() * 0
    sums = dict(iou=zero, smooth=zero, track=zero)
    score, frames = zero, torch.cat([target.weight for target in targets]).sum()
    for output, target in zip(outputs, targets, strict=True):
        wanted = torch.zeros_like(output.objectness)
        if len(target.masks):
            terms, wanted = _instance_losses(output, target, extra_bandwidths, iou, centre)
            share = target.weight[target.frame]
            sums = {name: value + (share * terms[name]).sum() for name, value in sums.items()}
        wrong = ((output.objectness - wanted).square() * target.known).flatten(1).sum(1)
        score = score + (target.weight * wrong / target.known.flatten(1).sum(1).clamp(min=1)).sum() / frames
    losses = dict(
        loss_iou=weights.iou * sums["iou"] / count,
        loss_smooth=weights.smooth * sums["smooth"] / count,
        loss_track=weights.track * sums["track"] / linked,
        loss_score=weights.score * score,
    )
    logits = [output.class_logits for output in outputs if output.class_logits is not None]
    if logits:
        losses["loss_category"] = weights.category * category_loss(logits, targets)
    return losses


def _instance_losses(
    output: DenseOutput, target: DenseTargets, extra_bandwidths: Sequence[float], iou: str, centre: str
) -> tuple[dict[str, Tensor], Tensor]:
    """The loss terms of n instances, (n,) each, and the (F,H,W) objectness target of their frames' pixels."""
    frame, masks = target.frame, target.masks
    member = masks.flatten(1).float()[..., None]  # (n,HW,1)
    pixels = member.sum(1)
    embeddings = embed(output.offsets).index_select(0, frame)
    spans = output.bandwidths.index_select(0, frame)
    centres = (embeddings.flatten(2) @ member)[..., 0] / pixels
    bandwidths = (spans.flatten(2) @ member)[..., 0] / pixels
    probabilities = instance_probabilities(embeddings, centres, with_extra(bandwidths, extra_bandwidths))
    spread = (spans - bandwidths[..., None, None]).norm(dim=1)
    at = mass_centres(masks) if centre == "mass" else centres[:, :2].detach()
    x, y = nearest_pixels(at, (masks.shape[-2], masks.shape[-1])).unbind(-1)
    drift = output.tracking[frame, :, y, x] + at - target.before
    terms = dict(
        iou=iou_losses(probabilities, masks, target.known[frame], iou),
        smooth=(spread * masks).sum((1, 2)) / pixels[:, 0],
        track=torch.where(target.was_there[:, None], drift, 0).norm(dim=-1),
    )
    inside = (probabilities.detach() * masks).flatten(1)
    wanted = torch.zeros_like(output.objectness).flatten(1)
    wanted = wanted.scatter_reduce(0, frame[:, None].expand_as(inside), inside, "amax")
    return terms, wanted.view_as(output.objectness)


def category_loss(class_logits: Sequence[Tensor], targets: Sequence[DenseTargets]) -> Tensor:
    """Cross-entropy of (F,K,H,W) logits, averaged over the pixels that belong to an instance.

    A pixel has the weight of its frame. Where instances overlap, the first one's label counts.
    """
    total = torch.stack([frames.sum() for frames in class_logits]).sum() * 0
    count = torch.zeros_like(total)
    for frames, target in zip(class_logits, targets, strict=True):
        n, places = len(target.masks), target.known.flatten(1)
        if not n:
            continue
        order = torch.arange(n, device=frames.device)[:, None]
        candidates = torch.where(target.masks.flatten(1), order, n)
        owner = torch.full_like(places, n, dtype=torch.int64)
        owner = owner.scatter_reduce(0, target.frame[:, None].expand_as(candidates), candidates, "amin")
        labels = torch.cat([target.labels, target.labels.new_tensor([NOBODY])])[owner]
        wrong = F.cross_entropy(frames.flatten(2), labels, reduction="none", ignore_index=NOBODY)
        total = total + (target.weight[:, None] * wrong).sum()
        count = count + (target.weight[:, None] * (labels != NOBODY)).sum()
    return total / count.clamp(min=1e-6)
