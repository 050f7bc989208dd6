"""What InsPro hands from one frame to the next (Sec. 3.1): queries, proposals, and a bank of object features."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["PROPAGATIONS", "FeatureBank", "IntraQueryAttention", "Propagated", "clip_to_frame"]

PROPAGATIONS = ("both", "query", "proposal", "none")


class FeatureBank(NamedTuple):
    """The last L object features of each slot, in tensors of static shape.

    Attributes:
        features: (B,L,N,C), the oldest first; what is not filled yet stands in front.
        filled: () int64, how many of the L there are.
    """

    features: Tensor
    filled: Tensor

    @classmethod
    def empty(cls, like: Tensor, length: int) -> "FeatureBank":
        """A bank before the first frame, for (B,N,C) features such as ``like``."""
        b, n, c = like.shape
        return cls(like.new_zeros(b, length, n, c), torch.zeros((), dtype=torch.int64, device=like.device))

    def push(self, features: Tensor) -> "FeatureBank":
        """The bank with this frame's (B,N,C) features as the last; the oldest fall out."""
        length = self.features.shape[1]
        return FeatureBank(
            torch.cat([self.features[:, 1:], features[:, None].to(self.features.dtype)], dim=1),
            (self.filled + 1).clamp(max=length),
        )

    @property
    def valid(self) -> Tensor:
        """(L,) bool, where the bank is filled."""
        length = self.features.shape[1]
        return torch.arange(length, device=self.filled.device) >= length - self.filled


class IntraQueryAttention(nn.Module):
    """A slot's query from its own past (InsPro, Eq. 1): the bank's weighted mean plus the current feature.

    Args:
        embed_dims: C.
    """

    def __init__(self, embed_dims: int) -> None:
        super().__init__()
        self.score = nn.Linear(embed_dims, 1)

    def forward(self, current: Tensor, bank: Tensor, valid: Tensor | None = None) -> Tensor:
        """Weigh the bank of each slot by the softmax of a linear score.

        Args:
            current: (B,N,C) object features of this frame.
            bank: (B,L,N,C), the oldest first and this frame's last.
            valid: (L,) bool; what is not valid is left out. All of the bank if ``None``.

        Returns:
            (B,N,C) queries for the next frame.
        """
        scores = self.score(bank)  # (B,L,N,1)
        if valid is not None:
            scores = scores.masked_fill(~valid[:, None, None], float("-inf"))
        return (scores.softmax(dim=1) * bank).sum(dim=1) + current


class Propagated(NamedTuple):
    """What a frame starts from.

    Attributes:
        queries: (B,N,C).
        boxes: (B,N,4) xyxy pixels, the proposals.
        bank: of the slots' features, ``None`` without intra-query attention.
    """

    queries: Tensor
    boxes: Tensor
    bank: FeatureBank | None


def clip_to_frame(boxes: Tensor, sizes: Tensor) -> Tensor:
    """Clip (B,N,4) xyxy boxes to frames of ``sizes`` (B,2), height and width in pixels."""
    whwh = sizes.flip(-1).repeat(1, 2)[:, None]
    return torch.minimum(boxes.clamp(min=0), whwh)
