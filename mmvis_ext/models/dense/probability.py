"""How likely a pixel belongs to an instance (SRNet, Sec. 3.3, Eq. 3)."""

from collections.abc import Sequence

import torch
from torch import Tensor

from .grid import spatial_grid

__all__ = ["embed", "instance_probabilities", "pixel_probability", "with_extra"]


def embed(offsets: Tensor) -> Tensor:
    """Where pixels point to: E + S.

    Args:
        offsets: (...,D,H,W) pixel offsets, D >= 2; the grid is zero in the dimensions after the second.

    Returns:
        (...,D,H,W).
    """
    grid = spatial_grid(offsets.shape[-2], offsets.shape[-1], offsets.device).to(offsets.dtype)
    return torch.cat([offsets[..., :2, :, :] + grid, offsets[..., 2:, :, :]], dim=-3)


def with_extra(bandwidth: Tensor, extra: Sequence[float]) -> Tensor:
    """(...,2) bandwidths and the fixed ones of the extra dimensions -> (...,D)."""
    fixed = bandwidth.new_tensor(list(extra)).expand(*bandwidth.shape[:-1], len(extra))
    return torch.cat([bandwidth, fixed], dim=-1)


def instance_probabilities(embeddings: Tensor, centres: Tensor, bandwidths: Tensor) -> Tensor:
    """:func:`pixel_probability` of several instances.

    Args:
        embeddings: (D,H,W) where each pixel points to.
        centres: (n,D).
        bandwidths: (n,D), above 0.

    Returns:
        (n,H,W) in 0..1.
    """
    exponent = embeddings.new_zeros(len(centres), *embeddings.shape[1:])
    for d, pointed in enumerate(embeddings):  # dimension by dimension, so that no (n,D,H,W) is made
        distance = pointed - centres[:, d, None, None]
        exponent = exponent + distance.square() / (2 * bandwidths[:, d, None, None].square())
    return torch.exp(-exponent)


def pixel_probability(embeddings: Tensor, centre: Tensor, bandwidth: Tensor) -> Tensor:
    """A Gaussian around an instance's centre, with a bandwidth per dimension.

    Args:
        embeddings: (D,H,W) where each pixel points to, E + S.
        centre: (D,).
        bandwidth: (D,), above 0.

    Returns:
        (H,W) in 0..1.
    """
    return instance_probabilities(embeddings, centre[None], bandwidth[None])[0]
