"""The pyramid of a plain vision transformer (ViTDet: Li et al., 2022, Sec. 3), https://arxiv.org/abs/2203.16527."""

from collections.abc import Sequence

from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvis_ext.registry import MODELS

__all__ = ["ChannelNorm", "SimpleFeaturePyramid"]


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of each position."""

    def forward(self, x: Tensor) -> Tensor:
        """(B,C,H,W) to the same shape."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


@MODELS.register_module()
class SimpleFeaturePyramid(BaseModule):
    """Levels at the strides 4, 8, 16 and 32 from one map at stride 16, the last one of a plain backbone.

    Each level is made of that map alone: by transposed convolutions, as it is, or by pooling. Then it gets a 1x1 and a
    3x3 convolution, each with layer normalisation.

    Args:
        in_channels: C of the map; a multiple of 4.
        out_channels: channels of every level.

    Raises:
        ValueError: ``in_channels`` is no multiple of 4.
    """

    def __init__(self, in_channels: int, out_channels: int = 256, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg)
        if in_channels % 4:
            raise ValueError(f"in_channels={in_channels} must be a multiple of 4, since it is halved twice.")
        half, quarter = in_channels // 2, in_channels // 4
        scales = (
            (nn.Sequential(
                nn.ConvTranspose2d(in_channels, half, 2, stride=2), ChannelNorm(half, eps=1e-6), nn.GELU(),
                nn.ConvTranspose2d(half, quarter, 2, stride=2),
            ), quarter),
            (nn.ConvTranspose2d(in_channels, half, 2, stride=2), half),
            (nn.Identity(), in_channels),
            (nn.MaxPool2d(2), in_channels),
        )  # fmt: skip
        self.levels = nn.ModuleList(
            nn.Sequential(
                scale,
                nn.Conv2d(channels, out_channels, 1, bias=False), ChannelNorm(out_channels, eps=1e-6),
                nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False), ChannelNorm(out_channels, eps=1e-6),
            )
            for scale, channels in scales
        )  # fmt: skip

    def forward(self, features: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Maps (B,C,h,w), of which the last counts, to levels (B,out_channels,4h,4w) to (B,out_channels,h/2,w/2)."""
        return tuple(level(features[-1]) for level in self.levels)
