"""Masks by conditional convolution (CondInst, Sec. 3; InsPro, Eq. 2): every instance brings its own small network."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from mmdet.models.utils import aligned_bilinear
from torch import Tensor

__all__ = ["DynamicMaskLayout", "MaskInputs", "dynamic_mask_conv", "upsample_logits"]

SIZE_OF_INTEREST = 8  # relative coordinates are in units of so many strides, as in CondInst


@dataclass(frozen=True)
class DynamicMaskLayout:
    """How an instance's numbers make three 1x1 convolutions: (E+2) -> H -> H -> 1; the one owner of their count.

    The order is CondInst's: the three weights, then the three biases; a weight's rows are output channels, and the two
    relative coordinates stand in front of the features.

    Attributes:
        features: E, channels of the mask features.
        hidden: H.
    """

    features: int = 8
    hidden: int = 8

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers in each weight and bias."""
        h = self.hidden
        return (self.features + 2) * h, h * h, h, h, h, 1

    @property
    def count(self) -> int:
        """Numbers per instance; 169 for 8 and 8."""
        return sum(self.sizes)

    @classmethod
    def of(cls, features: int, count: int) -> "DynamicMaskLayout":
        """The layout with E ``features`` that takes ``count`` numbers.

        Raises:
            ValueError: there is none.
        """
        half = features + 5  # count = H^2 + (E + 5) H + 1
        layout = cls(features, (math.isqrt(half**2 + 4 * max(count - 1, 0)) - half) // 2)
        if layout.hidden < 1 or layout.count != count:
            raise ValueError(f"{count} numbers make no three 1x1 convolutions on {features} mask features.")
        return layout

    def split(self, params: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """(B,N,count) -> weights (B,N,H,E+2), (B,N,H,H), (B,N,1,H) and biases (B,N,H,1), (B,N,H,1), (B,N,1,1)."""
        w1, w2, w3, b1, b2, b3 = params.split(self.sizes, dim=-1)
        h = self.hidden
        weights = w1.unflatten(-1, (h, -1)), w2.unflatten(-1, (h, h)), w3[..., None, :]
        return *weights, b1[..., None], b2[..., None], b3[..., None]


class MaskInputs(NamedTuple):
    """What :func:`dynamic_mask_conv` makes masks from.

    Attributes:
        features: (B,E,h,w).
        centres: (B,N,2) x and y in pixels of the network's input.
        params: (B,N,169).
    """

    features: Tensor
    centres: Tensor
    params: Tensor

    def pick(self, b: int, instances: Tensor) -> "MaskInputs":
        """Some instances of image ``b``, by their numbers or a (N,) bool, as a batch of one."""
        return MaskInputs(self.features[b, None], self.centres[b, None, instances], self.params[b, None, instances])


def dynamic_mask_conv(features: Tensor, centres: Tensor, params: Tensor, stride: int) -> Tensor:
    """Run each instance's convolutions on the mask features and its relative coordinates.

    The coordinates are those of CondInst: centre minus pixel, in units of eight strides. The first layer is linear in
    them, so the pixels' share of it is computed once for all instances and no copy of the features is made.

    Args:
        features: (B,E,h,w).
        centres: (B,N,2) x and y in pixels of the network's input.
        params: (B,N,169) for E = 8 and 8 hidden channels; see :class:`DynamicMaskLayout` for others.
        stride: pixels between two positions of ``features``.

    Returns:
        (B,N,h,w) float32 logits.

    Raises:
        ValueError: the number of ``params`` fits no layout.
    """
    b, e, h, w = features.shape
    n = centres.shape[1]
    layout = DynamicMaskLayout.of(e, params.shape[-1])
    with torch.autocast(features.device.type, enabled=False):  # half precision cannot hold the coordinates
        features, centres, params = features.float(), centres.float(), params.float()
        w1, w2, w3, b1, b2, b3 = layout.split(params)
        unit = stride * SIZE_OF_INTEREST
        x = (torch.arange(w, device=features.device) + 0.5) * (stride / unit)
        y = (torch.arange(h, device=features.device) + 0.5) * (stride / unit)
        pixels = torch.stack([x[None].expand(h, w), y[:, None].expand(h, w)]).expand(b, 2, h, w)
        inputs = torch.cat([-pixels, features], dim=1).flatten(2)  # (B,E+2,hw)
        b1 = b1 + (w1[..., :2] @ (centres / unit)[..., None])
        out = torch.relu((w1.flatten(1, 2) @ inputs).unflatten(1, (n, layout.hidden)) + b1)
        out = torch.relu(w2 @ out + b2)
        return (w3 @ out + b3).view(b, n, h, w)


def upsample_logits(logits: Tensor, factor: int) -> Tensor:
    """(B,N,h,w) -> (B,N,factor*h,factor*w), bilinear with pixel centres kept in place (CondInst)."""
    # instances as the batch, of which there may be none
    return aligned_bilinear(logits.flatten(0, 1)[:, None], factor)[:, 0].unflatten(0, logits.shape[:2])
