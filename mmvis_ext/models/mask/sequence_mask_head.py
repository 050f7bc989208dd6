"""Masks of an instance over all frames of a clip (VisTR, Sec. 3.3, "Instance Sequence Segmentation")."""

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvis_ext.registry import MODELS

from .attention_maps import AttentionMaps

__all__ = ["SequenceMaskHead"]

NARROWEST = 8  # channels
DEFORMABLE = dict(type="DCN", im2col_step=1000)  # frames that are computed at a time; no clip has more


@MODELS.register_module()
class SequenceMaskHead(BaseModule):
    """Attention maps and features of each frame, enlarged step by step, and then convolutions over the frames.

    Per frame, the maps of the instance's query and the encoded features are convolved. Then the backbone's levels are
    added, from the coarsest to the finest, each step with half of the channels of the step before. What is left, C/16
    channels at the finest level, goes as a sequence of T maps through 3D convolutions of dilation 2, which let a frame
    see six frames before and after it. Group normalisation has eight groups, or as many as divide the channels.

    Args:
        in_channels: channels of the backbone's levels but the last one, the finest first.
        embed_dims: C.
        num_heads: attention maps per instance and frame.
        deformable: whether the last convolution of a frame is mmcv's deformable one, as in the paper's model, or a
            plain one, which needs no compiled operators.
    """

    def __init__(self, in_channels: Sequence[int], embed_dims: int, num_heads: int, deformable: bool = False) -> None:
        super().__init__()
        self.deformable = deformable
        widths = [max(embed_dims >> (i + 1), NARROWEST) for i in range(len(in_channels) + 1)]
        fused = embed_dims + num_heads
        self.attention = AttentionMaps(embed_dims, num_heads)
        self.fuse = nn.Sequential(_layer(fused, fused), _layer(fused, widths[0]))
        self.laterals = nn.ModuleList(nn.Conv2d(c, w, 1) for c, w in zip(reversed(in_channels), widths, strict=False))
        kinds = [None] * (len(in_channels) - 1) + [DEFORMABLE if deformable else None]
        self.merge = nn.ModuleList(
            _layer(width, narrower, conv_cfg=kind)
            for width, narrower, kind in zip(widths, widths[1:], kinds, strict=False)
        )
        over_time = dict(conv_cfg=dict(type="Conv3d"), padding=2, dilation=2)
        inner = max(widths[-1] // 2, NARROWEST)
        self.sequence = nn.Sequential(
            _layer(widths[-1], inner, **over_time),
            _layer(inner, inner, **over_time),
            _layer(inner, inner, **over_time),
            nn.Conv3d(inner, 1, 1),
        )

    def forward(self, queries: Tensor, memory: Tensor, outside: Tensor, levels: Sequence[Tensor]) -> Tensor:
        """Segment P instances of one clip, one after the other, so that memory does not grow with P at test.

        Args:
            queries: (P,T,C), P >= 1.
            memory: (T,C,h,w) encoded features.
            outside: (h,w) bool, where these are padding.
            levels: the backbone's levels but the last one, (T,c,h,w) each, the finest first.

        Returns:
            (P,T,h,w) logits at the finest level.
        """
        laterals = [layer(level) for layer, level in zip(self.laterals, reversed(levels), strict=True)]
        return torch.stack([self._segment(one, memory, outside, laterals) for one in queries.unbind()])

    def _segment(self, queries: Tensor, memory: Tensor, outside: Tensor, laterals: Sequence[Tensor]) -> Tensor:
        """One instance: queries (T,C) -> logits (T,h,w)."""
        x = self.fuse(torch.cat([memory, self.attention(queries, memory, outside)], dim=1))
        for lateral, merge in zip(laterals, self.merge, strict=True):
            x = lateral + F.interpolate(x, size=lateral.shape[-2:])
            x = merge(x.contiguous() if self.deformable else x)  # mmcv's operator reads no other layout
        return self.sequence(x.transpose(0, 1)[None])[0, 0]


def _layer(in_channels: int, out_channels: int, **settings: Any) -> ConvModule:
    """A convolution of size 3, group normalisation and ReLU."""
    norm = dict(type="GN", num_groups=math.gcd(8, out_channels))
    return ConvModule(in_channels, out_channels, 3, **dict(dict(padding=1, norm_cfg=norm), **settings))
