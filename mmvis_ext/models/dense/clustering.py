"""Clustering of per-pixel predictions into instances (SRNet, Sec. 3.7, Algorithm 1, lines 1 to 14)."""

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
        scores: (n,) objectness of each instance's seed, the pixel that it was found at.
        centres: (n,D) the centre that the seed points to.
        probabilities: (n,H,W) in 0..1; zero at the pixels of instances found earlier.
    """

    masks: Tensor
    scores: Tensor
    centres: Tensor
    probabilities: Tensor


def cluster_instances(
    offsets: Tensor, bandwidths: Tensor, objectness: Tensor, extra_bandwidths: Sequence[float] = (),
    min_score: float = 0.5, max_instances: int = 100, min_pixels: int = 1, min_free: float = 0.0,
) -> Instances:  # fmt: skip
    """Find one instance after the other, from the highest objectness down.

    The free pixel with the highest objectness is the seed of the next instance. The seed's centre and bandwidth give
    every pixel a probability of belonging to that instance; the instance gets the free pixels above 0.5, which are
    then no longer free. Some candidates are rejected, see ``min_pixels`` and ``min_free``; their pixels stay taken.

    Args:
        offsets: (D,H,W) pixel offsets E.
        bandwidths: (2,H,W) Sigma, above 0.
        objectness: (H,W) in 0..1; a pixel with a negative value, such as padding, belongs to no instance.
        extra_bandwidths: the fixed bandwidths of the D - 2 extra dimensions.
        min_score: stop when no free pixel has an objectness above this.
        max_instances: stop after this many candidates, rejected ones included.
        min_pixels: reject a candidate that gets fewer pixels.
        min_free: reject a candidate that gets less than this share of its pixels above 0.5, the others having been
            taken by earlier instances. Such candidates are mostly left-over rims: at 0.5, one that claims 100 pixels
            of which 80 are taken is rejected.

    Returns:
        The instances that were found, possibly none.

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
        left[y, x] = -1.0  # if its offset is not finite, the seed is not in its own mask and would be found again
        pixels = mask.sum()
        if pixels >= max(min_pixels, 1) and pixels >= min_free * wide.sum():
            found.append((mask, score, centre, probability * free))
    if not found:
        empty = objectness.new_zeros(0, *objectness.shape)
        return Instances(empty.bool(), objectness.new_zeros(0), offsets.new_zeros(0, len(offsets)), empty)
    return Instances(*(torch.stack(part) for part in zip(*found, strict=True)))


def class_scores(masks: Tensor, class_logits: Tensor) -> Tensor:
    """Class probabilities of each instance, averaged over its pixels.

    Args:
        masks: (n,H,W) bool, at least one pixel each.
        class_logits: (K,H,W), per pixel.

    Returns:
        (n,K) in 0..1.
    """
    member = masks.flatten(1).float()
    classes = class_logits.softmax(0).nan_to_num(nan=0.0)
    return (member @ classes.flatten(1).T) / member.sum(1, keepdim=True)
