"""The instance heatmap: a Gaussian at every centre of the last frame (SRNet, Sec. 3.1)."""

import torch
from mmdet.models.utils import gaussian_radius, gen_gaussian_target
from torch import Tensor

from .grid import nearest_pixels, to_pixels

__all__ = ["draw_centres"]

# as in CornerNet's code: boxes whose corners are off by at most the radius overlap the true box by at least this IoU
MIN_OVERLAP = 0.3


def draw_centres(centres: Tensor, extents: Tensor, size: tuple[int, int]) -> Tensor:
    """Draw a Gaussian at every centre; where they overlap, the larger value counts.

    Args:
        centres: (n,2) x and y on the grid; centres outside are moved to the border.
        extents: (n,2) width and height of the instances in units of the grid; the Gaussians' radii follow from them.
        size: (h, w) of the map.

    Returns:
        (h,w) float32 in 0..1.
    """
    heatmap = torch.zeros(size)
    origin = to_pixels(torch.zeros_like(extents), size)
    spans = (to_pixels(extents, size) - origin).cpu()
    for centre, span in zip(nearest_pixels(centres, size).tolist(), spans, strict=True):
        radius = max(0, int(gaussian_radius((span[1], span[0]), MIN_OVERLAP)))
        gen_gaussian_target(heatmap, centre, radius)
    return heatmap.to(centres.device)
