"""Conversion between masks on a grid inside a box and masks on a frame."""

import torch
import torch.nn.functional as F
from mmcv.ops import RoIAlign, get_compiling_cuda_version
from torch import Tensor

from mmvis_ext.models.roi_align import roi_align

__all__ = ["crop_masks", "mask_on_grid"]


def mask_on_grid(masks: Tensor, boxes: Tensor, size: tuple[int, int], grid: tuple[int, int]) -> Tensor:
    """Convert masks inside boxes to masks on a regular grid over the frame, by bilinear sampling at the cell centres.

    Args:
        masks: (n, s, s) probabilities, each on an s x s grid inside its box.
        boxes: (n, 4) xyxy pixels.
        size: (H, W) of the frame in pixels.
        grid: (h, w) number of cells over the frame.

    Returns:
        (n, h, w); across the box's border, values fade to zero over the length of one mask cell.
    """
    h, w = grid
    ys = (torch.arange(h, device=boxes.device, dtype=boxes.dtype) + 0.5) * (size[0] / h)
    xs = (torch.arange(w, device=boxes.device, dtype=boxes.dtype) + 0.5) * (size[1] / w)
    x1, y1, x2, y2 = boxes[..., None].unbind(-2)
    ys = (ys - y1) / (y2 - y1).clamp(min=1e-6) * 2 - 1  # (n, h)
    xs = (xs - x1) / (x2 - x1).clamp(min=1e-6) * 2 - 1  # (n, w)
    points = torch.stack([xs[:, None, :].expand(-1, h, -1), ys[:, :, None].expand(-1, -1, w)], dim=-1)
    return F.grid_sample(masks[:, None], points.to(masks.dtype), align_corners=False)[:, 0]


def crop_masks(masks: Tensor, boxes: Tensor, side: int) -> Tensor:
    """Crop full-frame masks with boxes and resize them to squares, as mmdet does for mask targets.

    Args:
        masks: (n, H, W) uint8.
        boxes: (n, 4) xyxy pixels.
        side: side of the squares.

    Returns:
        (n, side, side) float, 0 or 1.
    """
    index = torch.arange(len(boxes), device=boxes.device, dtype=boxes.dtype)[:, None]
    rois = torch.cat([index, boxes], dim=1)
    pixels = masks[:, None].to(boxes.dtype)
    without_cuda = boxes.is_cuda and get_compiling_cuda_version() == "not available"  # how mmcv was built
    crops = roi_align(pixels, rois, RoIAlign(side, sampling_ratio=0, use_torchvision=without_cuda))
    return (crops[:, 0] >= 0.5).to(boxes.dtype)
