"""Feature pyramids, and a RoIAlign that is fast on a CPU because it reads the pyramid's positions as rows."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import torch
import torch.nn.functional as F
from mmcv.ops import RoIAlign
from torch import Tensor

__all__ = ["Pyramid", "align_rows", "as_pyramid", "corners", "gather_pyramid"]


class Pyramid(tuple[Tensor, ...]):
    """Pyramid levels, (images, C, h, w) each, the finest first."""

    @cached_property
    def rows(self) -> Tensor:
        """All positions of all levels as rows of C channels: (n,C), where n is the sum of images*h*w over the levels.

        Rows are ordered by level, then by image, then row-major by position.
        """
        return torch.cat([level.movedim(1, -1).flatten(0, 2) for level in self])

    @classmethod
    def of_rows(cls, rows: Tensor, shapes: Sequence[tuple[int, int, int, int]]) -> "Pyramid":
        """The pyramid of these :attr:`rows`; its levels are views of them, so every position is in memory once.

        Args:
            rows: (n,C).
            shapes: (images, C, h, w) of each level.
        """
        parts = rows.split([images * h * w for images, _, h, w in shapes])
        pyramid = cls(part.view(n, h, w, c).movedim(-1, 1) for part, (n, c, h, w) in zip(parts, shapes, strict=True))
        vars(pyramid)["rows"] = rows
        return pyramid

    def float(self) -> "Pyramid":
        """The same in float32."""
        return self if self.rows.dtype == torch.float32 else Pyramid.of_rows(self.rows.float(), _shapes(self))


def gather_pyramid(chunks: Iterable[Sequence[Tensor]], images: int) -> Pyramid:
    """Gather the levels of several chunks of images, of which only one has to be in memory at a time.

    Args:
        chunks: for each chunk its pyramid levels, (n, C, h, w) each; at least one chunk.
        images: number of images in all chunks together.
    """
    pyramid, done = Pyramid(), 0
    for levels in chunks:
        if not pyramid:
            shapes = [(images, *shape[1:]) for shape in _shapes(levels)]
            rows = sum(images * h * w for images, _, h, w in shapes)
            pyramid = Pyramid.of_rows(levels[0].new_empty(rows, levels[0].shape[1]), shapes)
        for gathered, level in zip(pyramid, levels, strict=True):
            gathered[done : done + len(level)] = level
        done += len(levels[0])
    return pyramid


def _shapes(levels: Iterable[Tensor]) -> list[tuple[int, int, int, int]]:
    return [(len(level), level.shape[1], level.shape[2], level.shape[3]) for level in levels]


def as_pyramid(levels: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """Convert pyramid levels to float32, and to a :class:`Pyramid` if RoIs are pooled by :func:`align_rows`.

    That is so on a CPU outside compiled code. The :class:`Pyramid` then computes its rows only once for all calls.

    Args:
        levels: (images, C, h, w) each, the finest first.
    """
    if isinstance(levels, Pyramid):
        return levels.float()
    levels = tuple(level.float() for level in levels)
    return levels if levels[0].is_cuda or torch.compiler.is_compiling() else Pyramid(levels)


def corners(start: Tensor, extent: Tensor, side: int, samples: int, length: Tensor) -> tuple[Tensor, Tensor]:
    """The pixels and weights of linear interpolation at a RoI's samples along one axis, by mmcv's rules.

    Args:
        start: (R,) left or upper edge of each RoI, in pixels of its level.
        extent: (R,) width or height of each RoI, in pixels of its level.
        side: S, number of bins.
        samples: number of samples per bin.
        length: (R,) width or height of the level.

    Returns:
        The two pixels next to each sample, (R,S,2*samples) int64, and their weights, of the same shape.
    """
    width, length = (extent / side)[:, None, None], length[:, None, None]
    bins = torch.arange(side, device=start.device)[:, None]
    within = torch.arange(samples, device=start.device) + 0.5
    at = start[:, None, None] + bins * width + within * width / samples
    inside = (at >= -1) & (at <= length)
    at = at.clamp(min=0)
    low = torch.minimum(at.floor(), length - 1)
    share = torch.where(low < length - 1, at - low, 0.0)
    weights = torch.stack([1 - share, share], dim=-1) * inside[..., None]
    pixels = torch.stack([low, torch.minimum(low + 1, length - 1)], dim=-1)
    return pixels.flatten(2).long(), weights.flatten(2)


def align_rows(levels: Pyramid, rois: Tensor, chosen: Tensor, layers: list[RoIAlign]) -> Tensor:
    """RoIAlign on a pyramid, with the settings of mmcv's ``layers`` (average pooling, a fixed number of samples).

    The value of a bin is the mean of bilinear samples and so a weighted sum of positions of the level. All bins of all
    RoIs are computed by one ``embedding_bag``, which reads the C channels of a position at once and uses all cores;
    mmcv's CPU operator goes through the channels one by one, on a single core.

    Args:
        levels: (images, C, h, w) each, the finest first.
        rois: (R,5) image index and xyxy pixels of the network's input.
        chosen: (R,) int64, the level that each RoI is pooled from.
        layers: mmcv's layer of each level.

    Returns:
        (R,C,S,S), with the channels last in memory.
    """
    rows = levels.rows
    side, samples, offset = layers[0].output_size[0], int(layers[0].sampling_ratio), 0.5 * layers[0].aligned
    shapes = torch.tensor([(len(f), *f.shape[-2:]) for f in levels], device=rois.device)
    counts = shapes.prod(dim=1)
    height, width = shapes[chosen, 1], shapes[chosen, 2]
    first = (counts.cumsum(0) - counts)[chosen] + rois[:, 0].long() * height * width  # row of the image's first pixel
    scales = torch.tensor([layer.spatial_scale for layer in layers], device=rois.device)[chosen, None]
    low, high = (rois[:, 1:] * scales - offset).split(2, dim=1)
    extent = high - low if layers[0].aligned else (high - low).clamp(min=1)
    x, x_weights = corners(low[:, 0], extent[:, 0], side, samples, width)
    y, y_weights = corners(low[:, 1], extent[:, 1], side, samples, height)
    y = first[:, None, None] + y * width[:, None, None]
    index = y[:, :, None, :, None] + x[:, None, :, None, :]  # (R,S,S,2*samples,2*samples)
    weights = y_weights[:, :, None, :, None] * (x_weights / samples**2)[:, None, :, None, :]
    pooled = F.embedding_bag(
        index.flatten(3).flatten(0, 2), rows, per_sample_weights=weights.flatten(3).flatten(0, 2), mode="sum"
    )
    return pooled.view(-1, side, side, rows.shape[1]).movedim(-1, 1)
