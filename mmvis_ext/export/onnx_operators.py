"""The project's own operators in ONNX."""

from collections.abc import Callable
from typing import Any

import torch
from onnxscript import opset18

__all__ = ["TRANSLATIONS", "roi_align"]

op: Any = opset18  # its types do not know that lists become constants
INT64 = 7  # as ONNX numbers its types


def roi_align(features: Any, rois: Any, side: int, scale: float, sampling_ratio: int, aligned: bool) -> Any:
    """ONNX' RoiAlign in place of mmcv's.

    Args:
        features: (images, C, h, w).
        rois: (n, 5) image index and xyxy pixels of the network's input.
        side: S, bins along a side.
        scale: positions of the features per pixel.
        sampling_ratio: samples per bin along a side; 0 for as many as a bin has positions.
        aligned: whether pixels have their centres at halves.

    Returns:
        (n, C, S, S).
    """
    image = op.Cast(op.Squeeze(op.Slice(rois, [0], [1], [1]), [1]), to=INT64)
    return op.RoiAlign(
        features, op.Slice(rois, [1], [5], [1]), image, mode="avg", output_height=side, output_width=side,
        sampling_ratio=sampling_ratio, spatial_scale=scale,
        coordinate_transformation_mode="half_pixel" if aligned else "output_half_pixel",
    )  # fmt: skip


TRANSLATIONS: dict[Callable, Callable] = {torch.ops.mmvis_ext.roi_align.default: roi_align}
"""By torch's operator."""
