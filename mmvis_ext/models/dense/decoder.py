"""The decoder of SRNet: from a pyramid and the last frame's coarsest level to one map at stride 4 (Sec. 3.1)."""

from collections.abc import Sequence

import torch
from mmcv.cnn import ConvModule, build_norm_layer
from torch import Tensor, nn

from .grid import resize

__all__ = ["DenseDecoder"]


class DenseDecoder(nn.Module):
    """A 3D convolution over the coarsest levels of two frames, then one block per finer level.

    Each block resizes its input to the finer level's size, concatenates that level (skip connection) and convolves.

    Args:
        in_channels: C of every pyramid level.
        channels: output channels of each block, and so of the decoder.
        num_levels: number of pyramid levels.
        norm_cfg: config of the normalisation after every convolution; ``None`` for no normalisation.
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
        """Decode B frames.

        Args:
            features: pyramid levels of the frames, (B,C,h,w) each, the finest first.
            before: (B,C,h,w) the coarsest level of each frame's predecessor.

        Returns:
            (B,channels,h,w) at the size of the finest level.
        """
        *skips, coarsest = features
        x = torch.relu(self.norm(self.over_time(torch.stack([before, coarsest], dim=2))[:, :, 0]))
        if not x.is_cuda:  # the 3D convolution loses the channels-last layout of VideoModel.extract_features
            x = x.contiguous(memory_format=torch.channels_last)
        for block, skip in zip(self.blocks, reversed(skips), strict=True):
            x = block(torch.cat([resize(x, (skip.shape[-2], skip.shape[-1])), skip], dim=1))
        return x
