"""Training targets of SRNet: each frame's masks, shrunk to the size of the predicted maps."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from mmdet.structures import TrackDataSample
from torch import Tensor

from mmvis_ext.structures.tracklets import Tracklets, ignored_regions

from .grid import mass_centres, sample_rows

__all__ = ["DenseTargets", "cut", "frame_targets", "join", "of_one_size", "shrink", "targets_over_time"]


class DenseTargets(NamedTuple):
    """The n instances that are visible in F frames of one size, at the size of the predicted maps.

    Attributes:
        frame: (n,) int64, the frame in 0..F-1 that shows the instance.
        masks: (n,H,W) bool, at least one pixel each.
        labels: (n,) int64.
        before: (n,2) x and y of the mass centres in the frame before, on the grid; meaningless where ``was_there`` is
            false.
        was_there: (n,) bool, whether the instance is visible in the frame before.
        known: (F,H,W) bool, the pixels of which it is known whether they show an object.
        weight: (F,) float32, of the frames in the loss.
    """

    frame: Tensor
    masks: Tensor
    labels: Tensor
    before: Tensor
    was_there: Tensor
    known: Tensor
    weight: Tensor

    def to(self, device: torch.device) -> "DenseTargets":
        """The same targets on another device."""
        return DenseTargets(*(part.to(device, non_blocking=True) for part in self))


def targets_over_time(
    sample: TrackDataSample, padded: tuple[int, int], size: tuple[int, int], map_size: tuple[int, int],
    first_frame: float = 1.0,
) -> list[tuple[DenseTargets, Tensor]]:  # fmt: skip
    """Targets of every frame of a sample, on the CPU.

    Args:
        sample: its frames know their ground truth.
        padded: (H, W) of the batch.
        size: (H, W) of the sample's own padded input.
        map_size: (h, w) of the predicted maps.
        first_frame: weight of the first frame; the others have the weight 1.

    Returns:
        For each frame its targets, and (m,h,w) bool masks of the m instances in the frame before, m = 0 for the first
        frame.
    """
    truth, unknown = Tracklets.from_frames(sample, padded, "cpu"), ignored_regions(sample, padded, "cpu")
    maps = shrink(truth.masks[..., : size[0], : size[1]], map_size)
    ignored = shrink(unknown[None, :, : size[0], : size[1]], map_size)[0]
    result = []
    for t in range(maps.shape[1]):
        before = maps[:, t - 1] if t else torch.zeros_like(maps[:, 0])
        targets = frame_targets(maps[:, t], before, truth.labels, ignored[t], 1.0 if t else first_frame)
        result.append((targets, before[before.flatten(1).any(1)]))
    return result


def frame_targets(
    now: Tensor, before: Tensor, labels: Tensor, ignored: Tensor, weight: float = 1.0
) -> DenseTargets:  # fmt: skip
    """Targets of one frame; instances that are not visible in it are left out.

    Args:
        now: (G,h,w) bool masks in this frame.
        before: (G,h,w) bool masks in the frame before.
        labels: (G,) int64.
        ignored: (h,w) bool; pixels of an instance count all the same.
        weight: of the frame in the loss.
    """
    seen = now.flatten(1).any(1)
    known = ~ignored | now.any(0)
    was_there = before[seen].flatten(1).any(1)
    masks, centres = now[seen], mass_centres(before[seen])
    frame = torch.zeros(len(masks), dtype=torch.int64)
    return DenseTargets(frame, masks, labels[seen], centres, was_there, known[None], torch.tensor([weight]))


def join(targets: Sequence[DenseTargets]) -> DenseTargets:
    """Put the targets of frames of one size together, in their order."""
    starts = torch.tensor([0] + [len(target.known) for target in targets[:-1]]).cumsum(0).tolist()
    frame = torch.cat([target.frame + start for target, start in zip(targets, starts, strict=True)])
    return DenseTargets(frame, *map(torch.cat, list(zip(*targets, strict=True))[1:]))


def shrink(masks: Tensor, size: tuple[int, int]) -> Tensor:
    """Shrink (G,T,H,W) uint8 masks to (G,T,h,w) bool by picking pixels, see :func:`sample_rows`."""
    rows, columns = (
        sample_rows(full, small, masks.device) for full, small in zip(masks.shape[-2:], size, strict=True)
    )  # fmt: skip
    return masks[..., rows[:, None], columns].bool()


def of_one_size(samples: Sequence[TrackDataSample], padded: tuple[int, int]) -> dict[tuple[int, int], list[int]]:
    """Group the samples of a batch by their own padded size.

    Args:
        samples: the batch's samples.
        padded: (H, W) of the batch, the largest of its samples; used for samples that do not know their own.

    Returns:
        (H, W) -> indices of the samples of that size.
    """
    sizes: dict[tuple[int, int], list[int]] = {}
    for number, sample in enumerate(samples):
        sizes.setdefault(sample[0].get("pad_shape", padded), []).append(number)
    return sizes


def cut(
    levels: Sequence[Tensor], frames: Sequence[int], size: tuple[int, int], padded: tuple[int, int]
) -> list[Tensor]:  # fmt: skip
    """Select frames from a batch's pyramid and cut off the padding that they have only because of larger samples.

    Args:
        levels: pyramid levels of the batch, (B*T,C,h,w) each.
        frames: indices of the n frames to select.
        size: (H, W) of these frames' own padded input.
        padded: (H, W) of the batch.

    Returns:
        Pyramid levels of the n frames, (n,C,h',w') each.
    """
    rows, columns = ([-(-level.shape[axis] * size[axis] // padded[axis]) for level in levels] for axis in (-2, -1))
    if len(frames) < len(levels[0]):
        levels = [level[frames] for level in levels]
    return [level[..., :h, :w] for level, h, w in zip(levels, rows, columns, strict=True)]
