"""The spatial grid that pixel offsets and tracking vectors live on (SRNet, Sec. 3.2, Eq. 1)."""

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = [
    "mask_extents",
    "mass_centres",
    "nearest_pixels",
    "read_at",
    "resize",
    "sample_rows",
    "spatial_grid",
    "to_pixels",
    "within_frame",
]

TIE = 1e-3  # in pixels; more than devices differ in their rounding


def spatial_grid(height: int, width: int, device: torch.device | str | None = None) -> Tensor:
    """Coordinates S of a map's pixels, which do not depend on the map's resolution.

    The shorter side runs from -1 to 1, the longer one further in proportion: x from -2 to 2 if the map is twice as wide
    as high. Enlarging the grid bilinearly with aligned corners gives the grid of the larger map, so offsets and vectors
    that are predicted on a small map may be enlarged in the same way.

    Args:
        height: H of the map.
        width: W of the map.
        device: of the result.

    Returns:
        (2,H,W) float32, x and y.
    """
    reach_x, reach_y = max(1.0, width / height), max(1.0, height / width)
    x = 2 * reach_x * torch.arange(width, device=device) / max(width - 1, 1) - reach_x
    y = 2 * reach_y * torch.arange(height, device=device) / max(height - 1, 1) - reach_y
    return torch.stack([x.expand(height, width), y[:, None].expand(height, width)])


def sample_rows(length: int, number: int, device: torch.device | str | None = None) -> Tensor:
    """Which of ``length`` pixels lie under the ``number`` pixels of a smaller map with aligned corners.

    Returns:
        (number,) int64; for 9 pixels and a map of 3: 0, 4, 8. In whole numbers, which devices do not round differently.
    """
    steps = max(number - 1, 1)
    return (2 * torch.arange(number, device=device) * (length - 1) + steps) // (2 * steps)


def resize(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (n,C,h,w) maps to (n,C,H,W) bilinearly, with aligned corners; ``size`` is (H, W)."""
    if maps.shape[-2:] == torch.Size(size):
        return maps
    return torch.nn.functional.interpolate(maps, size, mode="bilinear", align_corners=True)


def _unit(size: tuple[int, int], like: Tensor) -> Tensor:
    """How many pixels of a map of ``size`` (H, W) one unit of its grid spans, (2,) along x and y."""
    height, width = size
    reach = like.new_tensor([max(1.0, width / height), max(1.0, height / width)])
    return like.new_tensor([width - 1, height - 1]) / (2 * reach)


def to_pixels(points: Tensor, size: tuple[int, int]) -> Tensor:
    """Convert (n,2) x and y on the grid to (n,2) x and y in pixels of a map of ``size`` (H, W)."""
    height, width = size
    return points * _unit(size, points) + points.new_tensor([width - 1, height - 1]) / 2


def nearest_pixels(points: Tensor, size: tuple[int, int]) -> Tensor:
    """The pixels of a map of ``size`` (H, W) that are nearest to (n,2) points on the grid.

    Points halfway between two pixels, such as the centres of boxes, go to the larger one on every device.

    Returns:
        (n,2) int64 column and row; points outside are moved to the border.
    """
    height, width = size
    pixels = (to_pixels(points, size).nan_to_num() + TIE).round().clamp(min=0)
    return torch.minimum(pixels, points.new_tensor([width - 1, height - 1])).long()


def read_at(maps: Tensor, points: Tensor) -> Tensor:
    """Values of a map at the pixels that are nearest to given points.

    Args:
        maps: (C,H,W).
        points: (n,2) x and y on the grid; points outside are moved to the border.

    Returns:
        (n,C).
    """
    x, y = nearest_pixels(points, (maps.shape[-2], maps.shape[-1])).unbind(-1)
    return maps[:, y, x].T


def mass_centres(masks: Tensor) -> Tensor:
    """Mass centres of (n,H,W) masks as (n,2) x and y on the grid; (0, 0), the middle, for an empty mask."""
    grid = spatial_grid(masks.shape[-2], masks.shape[-1], masks.device)
    # not as a matrix product, which mixed precision would compute in half precision
    return (masks[:, None] * grid).sum((2, 3)) / masks.sum((1, 2)).clamp(min=1)[:, None]


def mask_extents(masks: Tensor) -> Tensor:
    """Width and height of the bounding boxes of (n,H,W) bool masks, (n,2) in units of the grid."""
    size = masks.shape[-2:]
    spans = []
    for axis in (1, 2):  # columns, rows
        covered = masks.any(axis)
        places = torch.arange(covered.shape[1], device=masks.device)
        last = torch.where(covered, places, -1).amax(1)
        first = torch.where(covered, places, len(places)).amin(1)
        spans.append((last - first + 1).clamp(min=0))
    extents = torch.stack(spans, dim=-1).float()
    return extents / _unit((size[0], size[1]), extents).clamp(min=0.5)


def within_frame(map_size: Sequence[int], padded: Sequence[int], size: Tensor) -> Tensor:
    """Which pixels of a map lie on the frame, as opposed to its padding.

    Args:
        map_size: (h, w) of the map, aligned with the corners of the padded input.
        padded: (H, W) of the padded input.
        size: (2,) height and width in pixels of the frame without padding.

    Returns:
        (h,w) bool.
    """
    rows, columns = (
        sample_rows(full, small, size.device) < real
        for full, small, real in zip(padded, map_size, size.unbind(), strict=True)
    )
    return rows[:, None] & columns
