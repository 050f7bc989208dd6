"""RoI features of boxes on a feature pyramid."""

import torch
from mmcv.ops import RoIAlign
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from torch import Tensor

from mmvis_ext.models.roi_align import roi_align
from mmvis_ext.registry import MODELS

from .pyramid import Pyramid, align_rows

__all__ = ["StaticRoIExtractor", "boxes_to_rois", "grown"]


def boxes_to_rois(boxes: Tensor) -> Tensor:
    """Give each box the index of its frame in a batch of B*T images.

    Args:
        boxes: (B,N,T,4) xyxy.

    Returns:
        (B,N,T,5): image index, then the box, detached.
    """
    b, n, t, _ = boxes.shape
    image = torch.arange(b * t, device=boxes.device, dtype=boxes.dtype).view(b, 1, t, 1).expand(b, n, t, 1)
    return torch.cat([image, boxes.detach()], dim=-1)


def grown(boxes: Tensor, factor: float) -> Tensor:
    """Boxes (...,4) xyxy, ``factor`` times as wide and high about the same centres."""
    low, high = boxes.split(2, dim=-1)
    more = (high - low) * ((factor - 1) / 2)
    return torch.cat([low - more, high + more], dim=-1)


@MODELS.register_module()
class StaticRoIExtractor(SingleRoIExtractor):
    """A faster version of mmdet's ``SingleRoIExtractor`` with the same results.

    mmdet sorts RoIs by pyramid level with ``nonzero``, so that shapes depend on the data and the CPU has to wait for
    the GPU. Here shapes are static. On a CPU, all RoIs are pooled at once by :func:`align_rows`. On a GPU and in
    compiled code, all RoIs are pooled from every level, and each RoI keeps the result of its own level.

    RoIs stay in float32 under AMP too: half precision rounds coordinates near 640 pixels to multiples of 0.5.
    """

    def forward(self, feats: tuple[Tensor, ...], rois: Tensor, roi_scale_factor: float | None = None) -> Tensor:
        """Pool each RoI from the level that mmdet assigns to its size.

        Args:
            feats: pyramid levels, (images, C, h, w) each, the finest first; levels beyond the extractor's strides are
                not used. If the same levels are used in several calls, :func:`as_pyramid` makes these faster on a CPU.
            rois: (n, 5), image index and xyxy pixels of the network's input.
            roi_scale_factor: factor by which RoIs are enlarged about their centres.

        Returns:
            (n, C, S, S) float32.
        """
        layer = self.roi_layers[0]
        with torch.autocast(rois.device.type, enabled=False):
            if not isinstance(layer, RoIAlign) or layer.pool_mode != "avg":  # leave other poolings to mmdet
                return super().forward(tuple(f.float() for f in feats[: self.num_inputs]), rois, roi_scale_factor)
            levels = self.map_roi_levels(rois, self.num_inputs)
            if roi_scale_factor is not None:
                rois = self.roi_rescale(rois, roi_scale_factor)
            if layer.sampling_ratio > 0 and not (rois.is_cuda or torch.compiler.is_compiling()):
                pyramid = feats if isinstance(feats, Pyramid) else Pyramid(f.float() for f in feats)
                return align_rows(pyramid, rois, levels, list(self.roi_layers))
            levels = levels.view(-1, 1, 1, 1)
            pooled = roi_align(feats[0].float(), rois, layer)
            for level in range(1, self.num_inputs):
                pooled_here = roi_align(feats[level].float(), rois, self.roi_layers[level])
                pooled = torch.where(levels == level, pooled_here, pooled)
            return pooled
