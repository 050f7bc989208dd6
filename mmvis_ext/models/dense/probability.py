"""How likely a pixel belongs to an instance (SRNet, Sec. 3.3, Eq. 3)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .grid import spatial_grid

__all__ = ["embed", "instance_probabilities", "pixel_probability", "with_extra"]


def embed(offsets: Tensor) -> Tensor:
    """The point that each pixel points to: its offset E plus its position S on the grid.

    Args:
        offsets: (...,D,H,W) pixel offsets, D >= 2; in the extra dimensions, from the third on, S is zero.

    Returns:
        (...,D,H,W).
    """
    grid = spatial_grid(offsets.shape[-2], offsets.shape[-1], offsets.device).to(offsets.dtype)
    return torch.cat([offsets[..., :2, :, :] + grid, offsets[..., 2:, :, :]], dim=-3)


def with_extra(bandwidth: Tensor, extra: Sequence[float]) -> Tensor:
    """Append the fixed bandwidths of the extra dimensions to predicted ones: (...,2) -> (...,D)."""
    fixed = bandwidth.new_tensor(list(extra)).expand(*bandwidth.shape[:-1], len(extra))
    return torch.cat([bandwidth, fixed], dim=-1)


def instance_probabilities(embeddings: Tensor, centres: Tensor, bandwidths: Tensor) -> Tensor:
    """:func:`pixel_probability` of several instances.

    Args:
        embeddings: where each pixel points to, (D,H,W) or, of a map for each instance, (n,D,H,W).
        centres: (n,D).
        bandwidths: (n,D), above 0.

    Returns:
        (n,H,W) in 0..1.
    """
    exponent = embeddings.new_zeros(len(centres), *embeddings.shape[-2:])
    for d, pointed in enumerate(embeddings.unbind(-3)):  # dimension by dimension, to avoid a tensor of (n,D,H,W)
        distance = pointed - centres[:, d, None, None]
        exponent = exponent + distance.square() / (2 * bandwidths[:, d, None, None].square())
    return torch.exp(-exponent)


def pixel_probability(embeddings: Tensor, centre: Tensor, bandwidth: Tensor) -> Tensor:
    """Probability of each pixel to belong to an instance: a Gaussian of the distance to the instance's centre.

    Args:
        embeddings: (D,H,W) where each pixel points to, E + S.
        centre: (D,), the instance's centre.
        bandwidth: (D,), the Gaussian's standard deviation per dimension, above 0.

    Returns:
        (H,W) in 0..1.
    """
    return instance_probabilities(embeddings, centre[None], bandwidth[None])[0]
