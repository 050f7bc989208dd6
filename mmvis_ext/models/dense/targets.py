"""What SRNet is trained to say: samples grouped by size, their masks at the size of the maps, frame by frame."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from mmdet.structures import TrackDataSample
from torch import Tensor

from mmvis_ext.structures.tracklets import Tracklets

from .grid import mass_centres, sample_rows

__all__ = ["DenseTargets", "cut", "frame_targets", "of_one_size", "shrink", "targets_over_time"]


class DenseTargets(NamedTuple):
    """The n instances that one frame shows, at the size of the maps.

    Attributes:
        masks: (n,H,W) bool, at least one pixel each.
        labels: (n,) int64.
        before: (n,2) x and y of the mass centres in the frame before; without meaning where ``was_there`` is false.
        was_there: (n,) bool, whether the frame before shows it.
    """

    masks: Tensor
    labels: Tensor
    before: Tensor
    was_there: Tensor


def targets_over_time(
    truth: Tracklets, size: tuple[int, int], map_size: tuple[int, int]
) -> Iterator[tuple[DenseTargets, Tensor]]:
    """Targets of every frame of a sample.

    Args:
        truth: on the padded input of the batch.
        size: (H, W) of the sample's own padded input.
        map_size: (h, w) of the maps.

    Yields:
        What the frame shows, and (m,h,w) bool, the masks that the frame before shows; none for the first.
    """
    maps = shrink(truth.masks[..., : size[0], : size[1]], map_size)
    for t in range(maps.shape[1]):
        before = maps[:, t - 1] if t else torch.zeros_like(maps[:, 0])
        yield frame_targets(maps[:, t], before, truth.labels), before[before.flatten(1).any(1)]


def frame_targets(now: Tensor, before: Tensor, labels: Tensor) -> DenseTargets:
    """What one frame shows.

    Args:
        now: (G,h,w) bool masks.
        before: (G,h,w) those of the frame before.
        labels: (G,) int64.
    """
    seen = now.flatten(1).any(1)
    return DenseTargets(now[seen], labels[seen], mass_centres(before[seen]), before[seen].flatten(1).any(1))


def shrink(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """(G,T,H,W) uint8 masks -> (G,T,h,w) bool: the pixels that a map with aligned corners stands for."""
    rows, columns = (
        sample_rows(full, small, masks.device) for full, small in zip(masks.shape[-2:], size, strict=True)
    )  # fmt: skip
    return masks[..., rows[:, None], columns].bool()


def of_one_size(samples: Sequence[TrackDataSample], padded: tuple[int, int]) -> dict[tuple[int, int], list[int]]:
    """Which samples of a batch have the same padded size (H, W) by themselves; ``padded`` is that of the batch."""
    sizes: dict[tuple[int, int], list[int]] = {}
    for number, sample in enumerate(samples):
        sizes.setdefault(sample[0].get("pad_shape", padded), []).append(number)
    return sizes


def cut(
    levels: Sequence[Tensor], frames: Sequence[int], size: tuple[int, int], padded: tuple[int, int]
) -> list[Tensor]:  # fmt: skip
    """Pyramid levels, (n,C,h,w) each, of some frames of a batch, where those are ``size`` and the batch ``padded``."""
    rows, columns = ([-(-level.shape[axis] * size[axis] // padded[axis]) for level in levels] for axis in (-2, -1))
    if len(frames) < len(levels[0]):
        levels = [level[frames] for level in levels]
    return [level[..., :h, :w] for level, h, w in zip(levels, rows, columns, strict=True)]
