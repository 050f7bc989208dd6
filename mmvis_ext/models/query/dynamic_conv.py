"""Temporal dynamic convolution (EfficientVIS, Sec. 3.1, Eq. 3)."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmvis_ext.models.recording import is_recorded

from .neighbours import fuse_neighbours, neighbour_frames

__all__ = ["DynamicFilters", "TemporalDynamicConv"]

CPU_RESPONSES = 2**22  # numbers that a CPU's caches hold well enough to work on all of them at once


class DynamicFilters(NamedTuple):
    """The two 1x1 kernels that each query embedding generates: (B,N,T,C,F) and (B,N,T,F,C)."""

    squeeze: Tensor
    expand: Tensor


class TemporalDynamicConv(nn.Module):
    """TDC: the filter of each query embedding runs over the RoI features of its frame and of both neighbours.

    The filter is Sparse R-CNN's: two 1x1 kernels C -> F -> C, each followed by LayerNorm and ReLU. Layer names are
    those of mmdet's ``DynamicConv``, so its weights can be loaded.

    Args:
        embed_dims: C.
        feat_channels: F; ``None`` is C/4, as in Sparse R-CNN and the paper.
        temporal: ``False`` uses the frame itself only, the still-image convolution of Table 1b.
    """

    def __init__(self, embed_dims: int, feat_channels: int | None = None, temporal: bool = True) -> None:
        super().__init__()
        feat_channels = feat_channels or embed_dims // 4
        self.shape = (embed_dims, feat_channels)
        self.temporal = temporal
        self.dynamic_layer = nn.Linear(embed_dims, 2 * embed_dims * feat_channels)
        self.norm_in = nn.LayerNorm(feat_channels)
        self.norm_out = nn.LayerNorm(embed_dims)

    def filters(self, queries: Tensor) -> DynamicFilters:
        """Generate the filters of (B,N,T,C) query embeddings."""
        c, f = self.shape
        squeeze, expand = self.dynamic_layer(queries).split(c * f, dim=-1)
        return DynamicFilters(squeeze.unflatten(-1, (c, f)), expand.unflatten(-1, (f, c)))

    def convolve(self, filters: DynamicFilters, pixels: Tensor) -> Tensor:
        """Apply each of the B*N*T filters to its own P pixels: (B*N*T, P, C) -> (B*N*T, P, C)."""
        pixels = F.relu(self.norm_in(torch.bmm(pixels, filters.squeeze.flatten(0, 2))), inplace=True)
        return F.relu(self.norm_out(torch.bmm(pixels, filters.expand.flatten(0, 2))), inplace=True)

    def apply_filters(self, filters: DynamicFilters, roi_features: Tensor) -> Tensor:
        """(B,N,T,C,S,S) RoI features -> (B,N,T,C,S,S) tracklet features, with filters made by :meth:`filters`.

        On a CPU, long clips are convolved query by query, since the responses of all need much memory on the way.
        """
        small = 3 * roi_features.numel() <= CPU_RESPONSES
        pixels = roi_features.flatten(4).transpose(3, 4)
        if small or pixels.is_cuda or is_recorded() or not self.temporal:
            out = self._apply_filters(filters, pixels)
        else:
            pieces = zip(*(f.split(1, dim=1) for f in (*filters, pixels)), strict=True)
            out = torch.cat([self._apply_filters(DynamicFilters(*f), own) for *f, own in pieces], dim=1)
        return out.transpose(3, 4).view_as(roi_features)

    def _apply_filters(self, filters: DynamicFilters, pixels: Tensor) -> Tensor:
        """(B,N,T,P,C) pixels of RoIs -> (B,N,T,P,C)."""
        b, n, t, p, c = pixels.shape
        if not self.temporal or t == 1:  # a single frame has no neighbours to weigh
            return self.convolve(filters, pixels.reshape(b * n * t, p, c)).view(b, n, t, p, c)
        index, _ = neighbour_frames(t, pixels.device)
        # the RoI features of a frame serve that frame's filter and its neighbours' too
        pixels = pixels.index_select(2, index.flatten()).reshape(b * n * t, 3 * p, c)
        return fuse_neighbours(self.convolve(filters, pixels).view(b, n, t, 3, p, c))

    def forward(self, queries: Tensor, roi_features: Tensor) -> Tensor:
        """Queries (B,N,T,C) and RoI features (B,N,T,C,S,S) -> (B,N,T,C,S,S)."""
        return self.apply_filters(self.filters(queries), roi_features)
