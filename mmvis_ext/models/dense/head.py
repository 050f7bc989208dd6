"""The output heads of SRNet, which predict for every pixel (Sec. 3.1)."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvis_ext.registry import MODELS

from .decoder import DenseDecoder
from .grid import resize

__all__ = ["DenseHead", "DenseOutput"]

START_BANDWIDTH = 0.2  # initial Sigma in units of the grid: a tenth of the frame's shorter side


class DenseOutput(NamedTuple):
    """Per-pixel predictions for B frames. H and W are those of the maps, see :meth:`DenseHead.map_size`.

    Attributes:
        offsets: (B,D,H,W) pixel offsets E: x and y on the grid, then the D - 2 extra dimensions.
        bandwidths: (B,2,H,W) Sigma along x and y, above 0.
        tracking: (B,2,H,W) tracking vectors T, from here to the same object in the frame before, in units of the grid.
        objectness: (B,H,W) O in 0..1.
        class_logits: (B,K,H,W); ``None`` without categories.
    """

    offsets: Tensor
    bandwidths: Tensor
    tracking: Tensor
    objectness: Tensor
    class_logits: Tensor | None

    def frame(self, b: int) -> "DenseOutput":
        """The maps of frame ``b``, without the leading dimension B."""
        logits = None if self.class_logits is None else self.class_logits[b]
        return DenseOutput(self.offsets[b], self.bandwidths[b], self.tracking[b], self.objectness[b], logits)

    def cpu(self) -> "DenseOutput":
        """The same maps on the CPU."""
        logits = None if self.class_logits is None else self.class_logits.cpu()
        return DenseOutput(
            self.offsets.cpu(), self.bandwidths.cpu(), self.tracking.cpu(), self.objectness.cpu(), logits
        )


def _branch(in_channels: int, channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(channels, out_channels, 1)
    )


@MODELS.register_module()
class DenseHead(BaseModule):
    """The decoder and up to five heads, each a 3x3 convolution, ReLU and a 1x1 convolution.

    The tracking head also gets the heatmap of the last frame's instance centres.

    Args:
        in_channels: C of the pyramid's levels.
        channels: output channels of the decoder.
        head_channels: channels between the two convolutions of a head.
        num_levels: number of pyramid levels.
        num_classes: K of the category head (VIS); ``None`` for no such head (UVOS).
        extra_bandwidths: the fixed bandwidth phi of each extra dimension; an empty list for none.
        stride: input pixels per pixel of the predicted maps. The heads run at the finest level's size, and their maps
            are resized bilinearly to this stride.
        norm_cfg: config of the decoder's normalisation.

    Raises:
        ValueError: a fixed bandwidth is not above 0, or ``stride`` is not a whole number of at least 1.
    """

    def __init__(
        self, in_channels: int = 256, channels: int = 128, head_channels: int = 64, num_levels: int = 4,
        num_classes: int | None = None, extra_bandwidths: Sequence[float] = (0.5, 0.5), stride: int = 4,
        norm_cfg: dict | None = None, init_cfg: dict | None = None,
    ) -> None:  # fmt: skip
        super().__init__(init_cfg)
        if not all(phi > 0 for phi in extra_bandwidths):
            raise ValueError(f"extra_bandwidths={tuple(extra_bandwidths)} must all be above 0.")
        if stride < 1 or stride != int(stride):
            raise ValueError(f"stride={stride} must be a whole number; 1 is the size of the input.")
        self.num_classes, self.extra_bandwidths, self.stride = num_classes, tuple(extra_bandwidths), stride
        self.decoder = DenseDecoder(in_channels, channels, num_levels, norm_cfg)
        self.offsets = _branch(channels, head_channels, 2 + len(self.extra_bandwidths))
        self.bandwidths = _branch(channels, head_channels, 2)
        self.tracking = _branch(channels + 1, head_channels, 2)
        self.objectness = _branch(channels, head_channels, 1)
        self.categories = None if num_classes is None else _branch(channels, head_channels, num_classes)

    def init_weights(self) -> None:
        """Initialise so that offsets start near zero, bandwidths near 0.2 and objectness near 0.1."""
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Conv3d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        bias = dict(
            offsets=0.0, bandwidths=math.log(math.expm1(START_BANDWIDTH)), tracking=0.0, objectness=-2.0, categories=0.0
        )
        for name, value in bias.items():
            branch = getattr(self, name)
            if branch is not None:
                nn.init.normal_(branch[-1].weight, std=1e-3)
                nn.init.constant_(branch[-1].bias, value)
        super().init_weights()  # last, since it may load a checkpoint that init_cfg names

    def map_size(self, height: int, width: int) -> tuple[int, int]:
        """Size (h, w) of the predicted maps for a padded input of ``height`` x ``width`` pixels."""
        return -(-height // self.stride), -(-width // self.stride)

    def forward(
        self, features: Sequence[Tensor], before: Tensor, heatmap: Tensor, size: tuple[int, int]
    ) -> DenseOutput:
        """Predict for every pixel of B frames.

        Args:
            features: pyramid levels, (B,C,h,w) each, the finest first.
            before: (B,C,h,w) the coarsest level of each frame's predecessor.
            heatmap: (B,1,h,w) heatmap of the predecessor's instance centres; it is resized to the finest level.
            size: (H, W) of the predicted maps, see :meth:`map_size`.
        """
        x = self.decoder(features, before)
        heatmap = resize(heatmap.to(x.dtype), tuple(x.shape[-2:]))
        raw = [
            self.offsets(x), self.bandwidths(x), self.tracking(torch.cat([x, heatmap], dim=1)),
            self.objectness(x),
        ]  # fmt: skip
        if self.categories is not None:
            raw.append(self.categories(x))
        offsets, bandwidths, tracking, objectness, *classes = (resize(r.float(), size) for r in raw)
        return DenseOutput(
            offsets,
            F.softplus(bandwidths) + 1e-4,
            tracking,
            objectness.sigmoid()[:, 0],
            classes[0] if classes else None,
        )
