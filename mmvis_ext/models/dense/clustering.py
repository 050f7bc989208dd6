"""From what pixels say to instances (SRNet, Sec. 3.7, Algorithm 1, lines 1 to 14)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .probability import embed, pixel_probability, with_extra

__all__ = ["Instances", "class_scores", "cluster_instances"]


class Instances(NamedTuple):
    """n instances of one frame, in the order in which they were found; no two share a pixel.

    Attributes:
        masks: (n,H,W) bool.
        scores: (n,) objectness of the pixel that each was found at.
        centres: (n,D) where that pixel points to.
        probabilities: (n,H,W) in 0..1; zero at the pixels of those found before.
    """

    masks: Tensor
    scores: Tensor
    centres: Tensor
    probabilities: Tensor


def cluster_instances(
    offsets: Tensor, bandwidths: Tensor, objectness: Tensor, extra_bandwidths: Sequence[float] = (),
    min_score: float = 0.5, max_instances: int = 100, min_pixels: int = 1, min_free: float = 0.0,
) -> Instances:  # fmt: skip
    """Take the free pixel of the highest objectness, and all free pixels that point near to where it points.

    Args:
        offsets: (D,H,W) pixel offsets E.
        bandwidths: (2,H,W) Sigma, above 0.
        objectness: (H,W) in 0..1; a pixel below 0 belongs to nobody.
        extra_bandwidths: of the D - 2 extra dimensions.
        min_score: pixels below start no instance.
        max_instances: no more are looked for; those that are left out count too.
        min_pixels: smaller instances are left out; their pixels are used up.
        min_free: so is one whose free pixels are a smaller share of all pixels that point to it: the rim of another.

    Returns:
        Instances, maybe none.

    Raises:
        ValueError: there are not as many extra bandwidths as extra dimensions.
    """
    if len(offsets) != 2 + len(extra_bandwidths):
        raise ValueError(
            f"Offsets of {len(offsets)} dimensions need {len(offsets) - 2} extra_bandwidths, but there are "
            f"{len(extra_bandwidths)}."
        )
    embeddings, width = embed(offsets), objectness.shape[-1]
    left = objectness.nan_to_num(nan=0.0).clone()  # objectness of the free pixels
    counted = left >= 0
    found: list[tuple[Tensor, ...]] = []
    for _ in range(max_instances):
        score, pixel = left.flatten().max(dim=0)
        if score <= min_score:
            break
        y, x = pixel // width, pixel % width
        centre, bandwidth = embeddings[:, y, x], with_extra(bandwidths[:, y, x], extra_bandwidths)
        probability = pixel_probability(embeddings, centre, bandwidth)
        wide = (probability > 0.5) & counted
        free = left >= 0
        mask = wide & free
        left = left.masked_fill(mask, -1.0)
        left[y, x] = -1.0  # where numbers are not finite it does not belong to itself
        pixels = mask.sum()
        if pixels >= max(min_pixels, 1) and pixels >= min_free * wide.sum():
            found.append((mask, score, centre, probability * free))
    if not found:
        empty = objectness.new_zeros(0, *objectness.shape)
        return Instances(empty.bool(), objectness.new_zeros(0), offsets.new_zeros(0, len(offsets)), empty)
    return Instances(*(torch.stack(part) for part in zip(*found, strict=True)))


def class_scores(masks: Tensor, class_logits: Tensor) -> Tensor:
    """Probability of each class, averaged over an instance's pixels.

    Args:
        masks: (n,H,W) bool, at least one pixel each.
        class_logits: (K,H,W) of the pixels.

    Returns:
        (n,K) in 0..1.
    """
    member = masks.flatten(1).float()
    classes = class_logits.softmax(0).nan_to_num(nan=0.0)
    return (member @ classes.flatten(1).T) / member.sum(1, keepdim=True)
