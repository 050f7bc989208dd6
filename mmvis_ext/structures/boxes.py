"""Boxes: absolute xyxy pixels of the network's input unless a name says otherwise."""

import math

import torch
from torch import Tensor

__all__ = ["apply_deltas"]

MAX_LOG_RATIO = abs(math.log(16 / 1000))  # as mmdet's coder: a step changes a side at most 62.5-fold


def apply_deltas(boxes: Tensor, deltas: Tensor, stds: tuple[float, float, float, float]) -> Tensor:
    """Move boxes by predicted deltas, as mmdet's ``DeltaXYWHBBoxCoder`` with zero means and no clipping.

    Written out because mmdet's decoder copies its constants to the device at every call, which neither CUDA graphs
    nor a sync-free step allow.

    Args:
        boxes: (..., 4) xyxy.
        deltas: (..., 4) dx, dy, dw, dh in units of ``stds``.
        stds: scale of each delta.

    Returns:
        (..., 4) xyxy.
    """
    size = boxes[..., 2:] - boxes[..., :2]
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    shift = torch.stack([deltas[..., 0] * stds[0], deltas[..., 1] * stds[1]], dim=-1)
    growth = torch.stack([deltas[..., 2] * stds[2], deltas[..., 3] * stds[3]], dim=-1)
    centre = centre + shift * size
    half = size * growth.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp() / 2
    return torch.cat([centre - half, centre + half], dim=-1)
