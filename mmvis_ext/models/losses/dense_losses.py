"""The training loss of SRNet (Sec. 3.3 to 3.6, Eq. 5, 7, 8 and 9), as plain functions."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from mmdet.models.losses.dice_loss import dice_loss
from torch import Tensor

from mmvis_ext.models.dense.grid import mass_centres, read_at
from mmvis_ext.models.dense.head import DenseOutput
from mmvis_ext.models.dense.probability import embed, instance_probabilities, with_extra
from mmvis_ext.models.dense.targets import DenseTargets

from .lovasz import lovasz_hinge

__all__ = ["CENTRES", "IOU_LOSSES", "DenseLossWeights", "dense_losses", "iou_losses"]

IOU_LOSSES = ("lovasz", "dice")
CENTRES = ("mass", "predicted")


@dataclass(frozen=True)
class DenseLossWeights:
    """Weights of the loss terms; they are all 1 in the paper."""

    iou: float = 1.0
    smooth: float = 1.0
    track: float = 1.0
    score: float = 1.0
    category: float = 1.0


def iou_losses(probabilities: Tensor, masks: Tensor, kind: str) -> Tensor:
    """The IoU loss of each instance (L_IOU in Eq. 5).

    Args:
        probabilities: (n,...) in 0..1, at any number of pixels.
        masks: (n,...) bool.
        kind: ``lovasz``, the Lovasz hinge on 2P - 1, or ``dice``.

    Returns:
        (n,).
    """
    if kind == "lovasz":
        return lovasz_hinge(2 * probabilities.flatten(1) - 1, masks.flatten(1))
    return dice_loss(probabilities, masks.to(probabilities.dtype), reduction="none")


def dense_losses(
    outputs: Sequence[DenseOutput], targets: Sequence[DenseTargets], extra_bandwidths: Sequence[float],
    count: Tensor, linked: Tensor, weights: DenseLossWeights, iou: str = "lovasz", centre: str = "mass",
) -> dict[str, Tensor]:  # fmt: skip
    """All loss terms for a batch of frames.

    If no frame has an instance, all terms but the score (objectness) are exactly zero, and so are their gradients.
    Pixels that are not known count in none.

    Args:
        outputs: predictions of each frame, without the leading dimension B; frames may differ in size.
        targets: targets of each frame.
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
    score, frames = zero, sum(target.weight for target in targets)
    for output, target in zip(outputs, targets, strict=True):
        wanted = torch.zeros_like(output.objectness)
        if len(target.masks):
            terms, wanted = _frame_losses(output, target, extra_bandwidths, iou, centre)
            sums = {name: value + target.weight * terms[name] for name, value in sums.items()}
        wrong = (output.objectness - wanted).square() * target.known
        score = score + target.weight / frames * wrong.sum() / target.known.sum().clamp(min=1)
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


def _frame_losses(
    output: DenseOutput, target: DenseTargets, extra_bandwidths: Sequence[float], iou: str, centre: str
) -> tuple[dict[str, Tensor], Tensor]:
    """The loss terms summed over one frame's instances, and the (H,W) objectness target of its pixels."""
    member = target.masks.flatten(1).float()  # (n,HW)
    pixels = member.sum(1, keepdim=True)
    embeddings = embed(output.offsets)
    centres = member @ embeddings.flatten(1).T / pixels
    bandwidths = member @ output.bandwidths.flatten(1).T / pixels
    probabilities = instance_probabilities(embeddings, centres, with_extra(bandwidths, extra_bandwidths))
    spread = (output.bandwidths.flatten(1) - bandwidths[..., None]).norm(dim=1)  # (n,HW)
    now = mass_centres(target.masks)
    at = now if centre == "mass" else centres[:, :2].detach()
    drift = read_at(output.tracking, at) + at - target.before
    terms = dict(
        iou=iou_losses(probabilities[:, target.known], target.masks[:, target.known], iou).sum(),
        smooth=(spread * member).sum(1).div(pixels[:, 0]).sum(),
        track=drift[target.was_there].norm(dim=-1).sum(),
    )
    return terms, (probabilities.detach() * target.masks).amax(0)


def category_loss(class_logits: Sequence[Tensor], targets: Sequence[DenseTargets]) -> Tensor:
    """Cross-entropy of each frame's (K,H,W) logits, averaged over the pixels that belong to an instance.

    A pixel has the weight of its frame.
    """
    terms, pixels = torch.stack([frame.sum() for frame in class_logits]).sum() * 0, 0.0
    for frame, target in zip(class_logits, targets, strict=True):
        if len(target.masks):
            member, owner = target.masks.any(0), target.masks.float().argmax(0)
            labels = target.labels[owner[member]]
            terms = terms + target.weight * F.cross_entropy(frame[:, member].T, labels, reduction="sum")
            pixels += target.weight * len(labels)
    return terms / max(pixels, 1e-6)
