"""Masks by conditional convolution (CondInst, Sec. 3; InsPro, Eq. 2): each instance has its own small mask network."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from mmdet.models.utils import aligned_bilinear
from torch import Tensor

__all__ = ["DynamicMaskLayout", "MaskInputs", "dynamic_mask_conv", "upsample_logits"]

SIZE_OF_INTEREST = 8  # the unit of relative coordinates, in strides of the mask features, as in CondInst


@dataclass(frozen=True)
class DynamicMaskLayout:
    """How an instance's parameter vector is split into three 1x1 convolutions with channels (E+2) -> H -> H -> 1.

    This is the only place that knows the vector's length and order. The order is CondInst's: the three weights, then
    the three biases. The rows of a weight are output channels; of the first weight's columns, the first two belong to
    the relative coordinates and the other E to the mask features.

    Attributes:
        features: E, channels of the mask features.
        hidden: H, channels between the convolutions.
    """

    features: int = 8
    hidden: int = 8

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of elements of each weight and bias, in the order of the vector."""
        h = self.hidden
        return (self.features + 2) * h, h * h, h, h, h, 1

    @property
    def count(self) -> int:
        """Length of the vector; 169 for E = 8 and H = 8."""
        return sum(self.sizes)

    @classmethod
    def of(cls, features: int, count: int) -> "DynamicMaskLayout":
        """The layout for E ``features`` and vectors of length ``count``.

        Raises:
            ValueError: no H gives this length.
        """
        half = features + 5  # count = H^2 + (E + 5) H + 1
        layout = cls(features, (math.isqrt(half**2 + 4 * max(count - 1, 0)) - half) // 2)
        if layout.hidden < 1 or layout.count != count:
            raise ValueError(f"{count} numbers make no three 1x1 convolutions on {features} mask features.")
        return layout

    def split(self, params: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Split vectors (B,N,count) into three weights and three biases.

        Returns:
            (B,N,H,E+2), (B,N,H,H), (B,N,1,H) and (B,N,H,1), (B,N,H,1), (B,N,1,1).
        """
        w1, w2, w3, b1, b2, b3 = params.split(self.sizes, dim=-1)
        h = self.hidden
        weights = w1.unflatten(-1, (h, -1)), w2.unflatten(-1, (h, h)), w3[..., None, :]
        return *weights, b1[..., None], b2[..., None], b3[..., None]


class MaskInputs(NamedTuple):
    """The tensors from which :func:`dynamic_mask_conv` computes the masks of N instances per image.

    Attributes:
        features: (B,E,h,w) mask features, shared by all instances of an image.
        centres: (B,N,2) x and y of each instance's centre, in pixels of the network's input.
        params: (B,N,169) parameters of each instance's convolutions, see :class:`DynamicMaskLayout`.
    """

    features: Tensor
    centres: Tensor
    params: Tensor

    def pick(self, b: int, instances: Tensor) -> "MaskInputs":
        """Select instances of image ``b``, by indices (n,) int64 or a mask (N,) bool, as a batch with B = 1."""
        return MaskInputs(self.features[b, None], self.centres[b, None, instances], self.params[b, None, instances])

    def pick_each(self, instances: Tensor) -> "MaskInputs":
        """Select instances of each image by indices (B,P) int64."""
        image = torch.arange(len(instances), device=instances.device)[:, None]
        return MaskInputs(self.features, self.centres[image, instances], self.params[image, instances])


def dynamic_mask_conv(features: Tensor, centres: Tensor, params: Tensor, stride: int) -> Tensor:
    """Apply each instance's convolutions to the mask features and the coordinates relative to its centre.

    The relative coordinates are those of CondInst: centre minus pixel, in units of eight strides. The first convolution
    is linear in them, so the pixel's part goes with the features, which are the same for all instances, and the
    centre's part into the bias. The features are therefore not copied for each instance.

    Args:
        features: (B,E,h,w) mask features.
        centres: (B,N,2) x and y in pixels of the network's input.
        params: (B,N,169) for E = 8 and 8 hidden channels; see :class:`DynamicMaskLayout` for other sizes.
        stride: input pixels between two positions of ``features``.

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
    """Enlarge (B,N,h,w) to (B,N,factor*h,factor*w) with mmdet's ``aligned_bilinear``, as in CondInst."""
    # the B*N masks become the batch: unlike the channels, a batch may be empty
    return aligned_bilinear(logits.flatten(0, 1)[:, None], factor)[:, 0].unflatten(0, logits.shape[:2])
