"""From a pyramid and the last frame's coarsest level to one map at a quarter of the input (SRNet, Sec. 3.1)."""

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule, build_norm_layer
from torch import Tensor, nn

from .grid import resize

__all__ = ["DenseDecoder"]


class DenseDecoder(nn.Module):
    """A 3D convolution over two frames' coarsest levels, then blocks that enlarge, take a skip and convolve.

    Args:
        in_channels: C of every pyramid level.
        channels: of the blocks and of the result.
        num_levels: of the pyramid.
        norm_cfg: after every convolution; ``None`` for none.
    """

    def __init__(self, in_channels: int, channels: int, num_levels: int = 4, norm_cfg: dict | None = None) -> None:
        super().__init__()
        self.over_time = nn.Conv3d(in_channels, in_channels, (2, 3, 3), padding=(0, 1, 1))
        self.norm = nn.Identity() if norm_cfg is None else build_norm_layer(norm_cfg, in_channels)[1]
        widths = [in_channels] + [channels] * (num_levels - 1)
        self.blocks = nn.ModuleList(
            ConvModule(width + in_channels, channels, 3, padding=1, norm_cfg=norm_cfg) for width in widths[:-1]
        )

    def forward(self, features: Sequence[Tensor], before: Tensor) -> Tensor:
        """Decode.

        Args:
            features: pyramid levels of the frames, (B,C,h,w) each, the finest first.
            before: (B,C,h,w) the coarsest level of the frames before.

        Returns:
            (B,channels,h,w) of the finest level's size.
        """
        *skips, coarsest = features
        x = torch.relu(self.norm(self.over_time(torch.stack([before, coarsest], dim=2))[:, :, 0]))
        if not x.is_cuda:  # as the pyramid has them on a CPU, see VideoModel.extract_features; a 3D convolution has not
            x = x.contiguous(memory_format=torch.channels_last)
        for block, skip in zip(self.blocks, reversed(skips), strict=True):
            x = block(torch.cat([resize(x, (skip.shape[-2], skip.shape[-1])), skip], dim=1))
        return x
