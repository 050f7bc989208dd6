"""SRNet's clustering, linking and heatmap with static shapes: M places for instances, of which some stay empty.

Each function gives what its model in ``mmvis_ext.models`` gives, whose shapes depend on how many instances there are.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from mmvis_ext.models.dense import DenseOutput
from mmvis_ext.models.dense.grid import nearest_pixels, to_pixels
from mmvis_ext.models.dense.heatmap import MIN_OVERLAP
from mmvis_ext.models.dense.probability import embed, pixel_probability, with_extra

__all__ = ["Places", "boxes_around", "draw_places", "find_places", "link_places"]


class Places(NamedTuple):
    """M places for the instances of a frame, on maps of (h, w) pixels.

    Attributes:
        masks: (M,h,w) bool, empty where no instance is.
        scores: (M,) objectness of each instance's seed; zero where no instance is.
        centres: (M,D) the centre that the seed points to.
        probabilities: (M,h,w) in 0..1; zero at the pixels of instances found earlier.
        taken: (M,) bool, whether an instance is there.
    """

    masks: Tensor
    scores: Tensor
    centres: Tensor
    probabilities: Tensor
    taken: Tensor


def find_places(maps: DenseOutput, extra: Sequence[float], number: int, settings: Mapping[str, Any]) -> Places:
    """As :func:`mmvis_ext.models.dense.cluster_instances`.

    Args:
        maps: predictions of one frame: (D,h,w) offsets, (2,h,w) bandwidths, (h,w) objectness.
        extra: the fixed bandwidths of the D - 2 extra dimensions.
        number: M, how many seeds are tried.
        settings: ``min_score``, ``min_pixels`` and ``min_free``.
    """
    embeddings, bandwidths = embed(maps.offsets), maps.bandwidths.flatten(1)
    left = maps.objectness.nan_to_num(nan=0.0)
    pixels = torch.arange(left.numel(), device=left.device).view_as(left)
    counted = left >= 0
    places: list[tuple[Tensor, ...]] = []
    for _ in range(number):
        score, seed = left.flatten().max(dim=0)
        goes_on = score > settings["min_score"]
        centre = embeddings.flatten(1).index_select(1, seed[None])[:, 0]
        bandwidth = with_extra(bandwidths.index_select(1, seed[None])[:, 0], extra)
        probability = pixel_probability(embeddings, centre, bandwidth)
        wide = (probability > 0.5) & counted
        free = left >= 0
        mask = wide & free & goes_on
        left = torch.where(mask | ((pixels == seed) & goes_on), -1.0, left)
        area = mask.sum()
        kept = goes_on & (area >= max(settings["min_pixels"], 1)) & (area >= settings["min_free"] * wide.sum())
        places.append((mask & kept, torch.where(kept, score, 0.0), centre, probability * free, kept))
    return Places(*(torch.stack(part) for part in zip(*places, strict=True)))


def link_places(before: Tensor, was_taken: Tensor, there: Tensor, taken: Tensor, max_distance: float) -> Tensor:
    """As :func:`mmvis_ext.models.association.greedy_link`: the nearest pair first, then the nearest of the others.

    Args:
        before: (M,2) centres of the last frame's instances.
        was_taken: (M,) bool, which of them are there.
        there: (M,2) where each instance of this frame was in the last one, as predicted.
        taken: (M,) bool, which of them are there.
        max_distance: pairs that are further apart are not linked.

    Returns:
        (M,) int64, the index of the linked instance in the last frame, or -1.
    """
    m = len(before)
    distances = (before[:, None].double() - there[None].double()).square().sum(-1).sqrt()
    near = was_taken[:, None] & taken & (distances <= max_distance)
    distances = torch.where(near, distances, torch.inf)
    places = torch.arange(m, device=before.device)
    links = torch.full((m,), -1, dtype=torch.int64, device=before.device)
    for _ in range(m):
        least, pair = distances.flatten().min(dim=0)
        row, column = pair // m, pair % m
        links = torch.where((places == column) & least.isfinite(), row, links)
        distances = torch.where((places[:, None] == row) | (places == column), torch.inf, distances)
    return links


def draw_places(centres: Tensor, extents: Tensor, taken: Tensor, size: tuple[int, int]) -> Tensor:
    """As :func:`mmvis_ext.models.dense.draw_centres`.

    Args:
        centres: (M,2) x and y on the grid.
        extents: (M,2) width and height in units of the grid.
        taken: (M,) bool, which of them are drawn.
        size: (h, w) of the map.

    Returns:
        (h,w) float32 in 0..1.
    """
    spans = to_pixels(extents, size) - to_pixels(torch.zeros_like(extents), size)
    radius = _radii(spans[:, 1], spans[:, 0]).clamp(min=0).trunc()[:, None, None]
    column, row = nearest_pixels(centres, size).float()[..., None, None].unbind(1)
    dx = torch.arange(size[1], device=centres.device) - column
    dy = torch.arange(size[0], device=centres.device)[:, None] - row
    value = torch.exp(-(dx.square() + dy.square()) / (2 * ((2 * radius + 1) / 6).square()))
    drawn = (dx.abs() <= radius) & (dy.abs() <= radius) & taken[:, None, None]
    return torch.where(drawn, value, 0.0).amax(0)


def _radii(height: Tensor, width: Tensor) -> Tensor:
    """mmdet's ``gaussian_radius`` of (M,) boxes: the least of three roots."""
    total, area, overlap = height + width, height * width, MIN_OVERLAP
    equations = (
        (1.0, total, area * (1 - overlap) / (1 + overlap), -1),
        (4.0, 2 * total, (1 - overlap) * area, -1),
        (4 * overlap, -2 * overlap * total, (overlap - 1) * area, 1),
    )
    return torch.stack([_root(a, b, c, sign) for a, b, c, sign in equations]).amin(0)


def _root(a: float, b: Tensor, c: Tensor, sign: int) -> Tensor:
    return (b + sign * torch.sqrt(b**2 - 4 * a * c)) / (2 * a)


def boxes_around(masks: Tensor) -> Tensor:
    """Tight boxes of (M,T,H,W) bool masks: (M,T,4) xyxy pixels; zeros for an empty mask."""
    sides = []
    for covered in (masks.any(2), masks.any(3)):  # along x, along y
        places = torch.arange(covered.shape[-1], device=masks.device)
        first = torch.where(covered, places, covered.shape[-1]).amin(-1)
        sides.append((first, torch.where(covered, places + 1, 0).amax(-1)))
    (x1, x2), (y1, y2) = sides
    boxes = torch.stack([x1, y1, x2, y2], dim=-1).float()
    return torch.where(masks.flatten(2).any(-1)[..., None], boxes, 0.0)
