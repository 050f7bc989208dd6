"""RoI features of boxes on a feature pyramid."""

import torch
from mmcv.ops import RoIAlign
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from torch import Tensor

from mmvis_ext.registry import MODELS

from .pyramid import Pyramid, align_rows
from .roi_op import roi_align

__all__ = ["StaticRoIExtractor", "boxes_to_rois"]


def boxes_to_rois(boxes: Tensor) -> Tensor:
    """Give each box the index of its frame in a batch of B*T images.

    Args:
        boxes: (B,N,T,4) xyxy.

    Returns:
        (B,N,T,5): image index, then the box. No gradient reaches the boxes.
    """
    b, n, t, _ = boxes.shape
    image = torch.arange(b * t, device=boxes.device, dtype=boxes.dtype).view(b, 1, t, 1).expand(b, n, t, 1)
    return torch.cat([image, boxes.detach()], dim=-1)


@MODELS.register_module()
class StaticRoIExtractor(SingleRoIExtractor):
    """mmdet's ``SingleRoIExtractor`` with the same result, faster.

    mmdet sorts RoIs by pyramid level with ``nonzero``, which makes shapes depend on data and waits for the device.
    Here shapes are static. On a CPU all RoIs are pooled at once by :func:`align_rows`; on a GPU and in compiled code
    every level pools all RoIs and a RoI keeps its own level's result.

    RoIs keep float32 also under AMP: in half precision a coordinate of 640 pixels is off by a quarter pixel or more.
    """

    def forward(self, feats: tuple[Tensor, ...], rois: Tensor, roi_scale_factor: float | None = None) -> Tensor:
        """Pool each RoI from the level that goes with its size.

        Args:
            feats: pyramid levels, (images, C, h, w) each, the finest first; more than there are strides are left out.
                RoIs that come in several calls are pooled faster from a :func:`as_pyramid`.
            rois: (n, 5), image index and xyxy pixels of the network's input.
            roi_scale_factor: RoIs are enlarged by it about their centres.

        Returns:
            (n, C, S, S) float32.
        """
        layer = self.roi_layers[0]
        with torch.autocast(rois.device.type, enabled=False):
            if not isinstance(layer, RoIAlign) or layer.pool_mode != "avg":  # mmdet takes other pooling too
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
