"""From the pixels of the network's input to those of the video."""

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["FrameGeometry"]


@dataclass(frozen=True)
class FrameGeometry:
    """Sizes of a video's frames, (height, width) in pixels each.

    Attributes:
        original: as decoded; results are given in these pixels.
        resized: on the network's input, without padding.
    """

    original: tuple[int, int]
    resized: tuple[int, int]

    def to_original(self, boxes: Tensor, clip: bool = True) -> Tensor:
        """(..., 4) xyxy from the network's input to original pixels, clipped to the frame unless told otherwise."""
        (h0, w0), (h1, w1) = self.original, self.resized
        boxes = boxes * boxes.new_tensor([w0 / w1, h0 / h1, w0 / w1, h0 / h1])
        return torch.minimum(boxes.clamp(min=0), boxes.new_tensor([w0, h0, w0, h0])) if clip else boxes
