"""RoIAlign where mmcv's operators are not compiled for the device."""

from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from mmcv.ops import RoIAlign
from torch import Tensor

from mmvis_ext.models.query.pyramid import corners
from mmvis_ext.models.roi_align import roi_align

__all__ = ["ROI_LAYERS", "PlainRoIAlign", "choose_roi_layer", "mmcv_runs_on", "with_roi_layer"]

ROI_LAYERS = ("mmcv", "torchvision", "plain")
SAMPLES = 2  # per side of a bin, where a config leaves their number to the size of the RoI


class PlainRoIAlign(RoIAlign):
    """mmcv's RoIAlign in torch's own operators, for a fixed number of samples; nothing waits for the device."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_torchvision = True  # so that nobody calls mmcv's operator in place of this
        self.samples = int(self.sampling_ratio) or SAMPLES

    def forward(self, input: Tensor, rois: Tensor) -> Tensor:
        """Pool each RoI.

        Args:
            input: (images, C, h, w).
            rois: (R,5) image index and xyxy pixels of the network's input.

        Returns:
            (R,C,S,S).
        """
        _, channels, h, w = input.shape
        side, samples, offset = self.output_size[0], self.samples, 0.5 * self.aligned
        if not len(rois):
            return input.new_zeros(0, channels, side, side) + 0 * input.sum()
        low, high = (rois[:, 1:] * self.spatial_scale - offset).split(2, dim=1)
        extent = high - low if self.aligned else (high - low).clamp(min=1)
        x, x_weights = corners(low[:, 0], extent[:, 0], side, samples, torch.full_like(rois[:, 0], w))
        y, y_weights = corners(low[:, 1], extent[:, 1], side, samples, torch.full_like(rois[:, 0], h))
        y = (rois[:, 0].long() * h)[:, None, None] + y
        index = y[:, :, None, :, None] * w + x[:, None, :, None, :]  # (R,S,S,2*samples,2*samples)
        weights = y_weights[:, :, None, :, None] * (x_weights / samples**2)[:, None, :, None, :]
        rows = input.movedim(1, -1).flatten(0, 2)
        pooled = F.embedding_bag(
            index.flatten(3).flatten(0, 2), rows, per_sample_weights=weights.flatten(3).flatten(0, 2), mode="sum"
        )
        return pooled.view(-1, side, side, channels).movedim(-1, 1)


@cache
def mmcv_runs_on(device: str) -> bool:
    """Whether mmcv's operators are compiled for a device."""
    try:
        roi_align(torch.zeros(1, 1, 4, 4, device=device), torch.zeros(1, 5, device=device), RoIAlign(2, 1.0, 1))
    except RuntimeError:
        return False
    return True


def choose_roi_layer(device: str) -> str:
    """The first of ``ROI_LAYERS`` that runs on a device."""
    if mmcv_runs_on(device):
        return "mmcv"
    try:
        from torchvision.ops import roi_align as operator

        operator(torch.zeros(1, 1, 4, 4, device=device), torch.zeros(1, 5, device=device), 2)
    except (ImportError, RuntimeError, NotImplementedError, AttributeError):
        return "plain"
    return "torchvision"


def with_roi_layer(node: Any, roi: str) -> Any:
    """A copy of a config whose RoIAlign layers are mmcv's, torchvision's or :class:`PlainRoIAlign`.

    Args:
        node: the ``model`` of a config, or a part of it.
        roi: one of ``ROI_LAYERS``.
    """
    if isinstance(node, list | tuple):
        return type(node)(with_roi_layer(item, roi) for item in node)
    if not isinstance(node, dict):
        return node
    changed = type(node)({key: with_roi_layer(value, roi) for key, value in node.items()})
    if changed.get("type") == "RoIAlign" and roi != "mmcv":
        changed.update(dict(use_torchvision=True) if roi == "torchvision" else dict(type=PlainRoIAlign))
    return changed
