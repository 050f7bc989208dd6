"""Masks that are predicted inside boxes, pasted into frames by matrix products, which every runtime has."""

import torch
from torch import Tensor

__all__ = ["paste"]


def paste(masks: Tensor, boxes: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear sampling of each mask at the centres of the frame's pixels, as mmdet's ``_do_paste_mask``.

    A box has its sides along the axes, so that the weights along x and y are separate: a pixel's value is the weighted
    sum of at most two rows and two columns of its mask.

    Args:
        masks: (...,s,s) probabilities, each on an s x s grid inside its box.
        boxes: (...,4) xyxy pixels.
        size: (H, W) of the frame in pixels.

    Returns:
        (...,H,W); zero outside the box, up to half a cell of the grid.
    """
    side = masks.shape[-1]
    rows = _weights(boxes[..., 1], boxes[..., 3], side, size[0])
    columns = _weights(boxes[..., 0], boxes[..., 2], side, size[1])
    return rows @ masks @ columns.transpose(-1, -2)


def _weights(low: Tensor, high: Tensor, cells: int, pixels: int) -> Tensor:
    """(...) sides of boxes -> (...,pixels,cells), how much each cell counts at each pixel along one axis."""
    centres = torch.arange(pixels, device=low.device) + 0.5
    at = (centres - low[..., None]) / (high - low).clamp(min=1e-6)[..., None] * cells - 0.5
    return torch.relu(1 - (at[..., None] - torch.arange(cells, device=low.device)).abs())
