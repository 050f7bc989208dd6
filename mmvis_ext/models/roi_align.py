"""mmcv's RoIAlign as a torch operator: ``torch.compile`` needs no graph break, and a GPU is not asked for zero RoIs.

For zero RoIs mmcv would launch a kernel without blocks, which CUDA reports as an error. So mmcv's kernels are started
from here alone.
"""

from typing import Any

import torch
from mmcv.ops import RoIAlign
from mmcv.utils import ext_loader
from torch import Tensor

__all__ = ["roi_align"]

_ext = ext_loader.load_ext("_ext", ["roi_align_forward", "roi_align_backward"])


@torch.library.custom_op("mmvis_ext::roi_align", mutates_args=())
def _roi_align(
    features: Tensor, rois: Tensor, side: int, scale: float, sampling_ratio: int, aligned: bool
) -> Tensor:  # fmt: skip
    out = features.new_zeros(len(rois), features.shape[1], side, side)
    empty = features.new_zeros(0)
    if len(rois):
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
    if len(rois):
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
    """Run an mmcv ``RoIAlign`` layer (average pooling); n may be 0.

    Args:
        features: (images, C, h, w).
        rois: (n, 5) image index and xyxy pixels of the network's input.
        layer: the layer whose settings are used.

    Returns:
        (n, C, S, S).
    """
    if layer.use_torchvision:  # torchvision registers its operator itself
        return layer(features, rois)
    return _roi_align(
        features, rois, layer.output_size[0], float(layer.spatial_scale), int(layer.sampling_ratio), layer.aligned
    )
