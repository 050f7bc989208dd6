"""Positions of the tokens of a clip as sines and cosines (VisTR, Sec. 3.1, "Temporal and Spatial Positional Encoding").

"End-to-End Video Instance Segmentation with Transformers", Wang et al. 2021, https://arxiv.org/abs/2011.14503. mmdet's
encoding of three dimensions adds that of time to that of space; here each dimension has channels of its own.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["padded_tokens", "sine_encoding"]

TEMPERATURE = 10000.0


def padded_tokens(sizes: Tensor, padded: Sequence[int], grid: Sequence[int]) -> Tensor:
    """Which tokens of a frame begin in the padding.

    Args:
        sizes: (B,2) height and width in pixels of each clip's frames without padding.
        padded: (H, W) in pixels with padding.
        grid: (h, w) number of tokens over the padded frame.

    Returns:
        (B,h,w) bool.
    """
    rows, columns = (
        torch.arange(number, device=sizes.device) * (length / number) >= sizes[:, axis, None]
        for axis, (number, length) in enumerate(zip(grid, padded, strict=True))
    )
    return rows[:, :, None] | columns[:, None]


def sine_encoding(outside: Tensor, length: int, channels: int) -> Tensor:
    """Encode time, row and column of each token; each has a third of the channels.

    A position is counted from 1 and divided by the last one, without padding. A pair of channels holds the sine and the
    cosine of 2 pi times the position, the pairs at ever longer waves, as in DETR. If C is no multiple of 6, each third
    is rounded up to an even number, and the last channels of the columns are left out.

    Args:
        outside: (B,h,w) bool, the tokens in the padding.
        length: T.
        channels: C.

    Returns:
        (B,T,h,w,C).
    """
    b, h, w = outside.shape
    inside = (~outside).float()
    times = torch.arange(1, length + 1, device=outside.device) / length
    rows, columns = (shown.cumsum(1) / shown.sum(1, keepdim=True) for shown in (inside.amax(2), inside.amax(1)))
    third = 2 * math.ceil(channels / 6)
    parts = (
        _waves(times, third)[None, :, None, None],
        _waves(rows, third)[:, None, :, None],
        _waves(columns, third)[:, None, None],
    )
    return torch.cat([part.expand(b, length, h, w, third) for part in parts], dim=-1)[..., :channels]


def _waves(positions: Tensor, channels: int) -> Tensor:
    """Positions (...) in 0..1 -> (...,channels), sine and cosine in turn."""
    exponents = torch.arange(0, channels, 2, device=positions.device) / channels
    angles = 2 * math.pi * positions[..., None] / TEMPERATURE**exponents
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)
