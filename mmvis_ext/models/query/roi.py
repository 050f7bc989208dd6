"""RoI features of boxes on a feature pyramid, without data-dependent control flow where that matters."""

from typing import Any

import torch
from mmcv.ops import RoIAlign
from mmcv.utils import ext_loader
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor
from torch import Tensor

from mmvis_ext.registry import MODELS

__all__ = ["StaticRoIExtractor", "boxes_to_rois", "roi_align"]

_ext = ext_loader.load_ext("_ext", ["roi_align_forward", "roi_align_backward"])


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


@torch.library.custom_op("mmvis_ext::roi_align", mutates_args=())
def _roi_align(
    features: Tensor, rois: Tensor, side: int, scale: float, sampling_ratio: int, aligned: bool
) -> Tensor:  # fmt: skip
    out = features.new_zeros(len(rois), features.shape[1], side, side)
    empty = features.new_zeros(0)
    _ext.roi_align_forward(
        features.contiguous(), rois.contiguous(), out, empty, empty,
        aligned_height=side, aligned_width=side, spatial_scale=scale, sampling_ratio=sampling_ratio,
        pool_mode=1, aligned=aligned,
    )  # fmt: skip
    return out


@_roi_align.register_fake
def _(
    features: Tensor, rois: Tensor, side: int, scale: float, sampling_ratio: int, aligned: bool
) -> Tensor:  # fmt: skip
    return features.new_empty(rois.shape[0], features.shape[1], side, side)


@torch.library.custom_op("mmvis_ext::roi_align_backward", mutates_args=())
def _roi_align_backward(
    grad: Tensor, rois: Tensor, shape: list[int], side: int, scale: float, sampling_ratio: int, aligned: bool
) -> Tensor:
    out = grad.new_zeros(shape)
    empty = grad.new_zeros(0)
    _ext.roi_align_backward(
        grad.contiguous(), rois.contiguous(), empty, empty, out,
        aligned_height=side, aligned_width=side, spatial_scale=scale, sampling_ratio=sampling_ratio,
        pool_mode=1, aligned=aligned,
    )  # fmt: skip
    return out


@_roi_align_backward.register_fake
def _(
    grad: Tensor, rois: Tensor, shape: list[int], side: int, scale: float, sampling_ratio: int, aligned: bool
) -> Tensor:
    return grad.new_empty(shape)


def _setup_context(ctx: Any, inputs: tuple, output: Tensor) -> None:
    features, rois, *ctx.arguments = inputs
    ctx.save_for_backward(rois)
    ctx.shape = list(features.shape)


def _backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    return _roi_align_backward(grad, ctx.saved_tensors[0], ctx.shape, *ctx.arguments), None, None, None, None, None


_roi_align.register_autograd(_backward, setup_context=_setup_context)


def roi_align(features: Tensor, rois: Tensor, layer: RoIAlign) -> Tensor:
    """Run an mmcv ``RoIAlign`` layer (average pooling) as an operator that ``torch.compile`` can see through.

    Args:
        features: (images, C, h, w).
        rois: (n, 5), see :func:`boxes_to_rois`.

    Returns:
        (n, C, S, S).
    """
    if layer.use_torchvision:  # torchvision registers its operator itself
        return layer(features, rois)
    return _roi_align(
        features, rois, layer.output_size[0], float(layer.spatial_scale), int(layer.sampling_ratio), layer.aligned
    )


@MODELS.register_module()
class StaticRoIExtractor(SingleRoIExtractor):
    """mmdet's ``SingleRoIExtractor`` with the same result from static shapes, for compiled code and GPUs.

    mmdet sorts RoIs by pyramid level with ``nonzero``, which makes shapes depend on data and waits for the device.
    Here every level pools all RoIs and a RoI keeps its own level's result. On a CPU that runs eagerly nothing has to
    wait and the sorted form is faster, so it is used there.

    RoIs keep float32 also under AMP: in half precision a coordinate of 640 pixels is off by a quarter pixel or more.
    """

    def forward(self, feats: tuple[Tensor, ...], rois: Tensor, roi_scale_factor: float | None = None) -> Tensor:
        """Pool each RoI from the level that goes with its size.

        Args:
            feats: pyramid levels, (images, C, h, w) each, the finest first; more than there are strides are left out.
            rois: (n, 5), image index and xyxy pixels of the network's input.
            roi_scale_factor: RoIs are enlarged by it about their centres.

        Returns:
            (n, C, S, S) float32.
        """
        feats = tuple(f.float() for f in feats[: self.num_inputs])
        with torch.autocast(rois.device.type, enabled=False):
            if not (rois.is_cuda or torch.compiler.is_compiling()):
                return super().forward(feats, rois, roi_scale_factor)
            levels = self.map_roi_levels(rois, len(feats)).view(-1, 1, 1, 1)
            if roi_scale_factor is not None:
                rois = self.roi_rescale(rois, roi_scale_factor)
            pooled = roi_align(feats[0], rois, self.roi_layers[0])
            for level in range(1, len(feats)):
                pooled = torch.where(levels == level, roi_align(feats[level], rois, self.roi_layers[level]), pooled)
            return pooled
