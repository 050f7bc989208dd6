"""What InsPro propagates from one frame to the next (Sec. 3.1): queries, proposals, and a bank of object features."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["PROPAGATIONS", "FeatureBank", "IntraQueryAttention", "Propagated", "clip_to_frame"]

PROPAGATIONS = ("both", "query", "proposal", "none")
SMALLEST_SIDE = 8.0  # of a propagated box, in pixels: two positions of a pyramid's finest level


class FeatureBank(NamedTuple):
    """The object features of each slot in the last L frames, in tensors of static shape.

    Attributes:
        features: (B,L,N,C), the oldest first. Early in a video the first entries are zeros and do not count.
        filled: (N,) int64, the number of each slot's entries that count, up to L.
    """

    features: Tensor
    filled: Tensor

    @classmethod
    def empty(cls, like: Tensor, length: int) -> "FeatureBank":
        """A bank before the first frame, for ``length`` features with the shape (B,N,C) and type of ``like``."""
        b, n, c = like.shape
        return cls(like.new_zeros(b, length, n, c), torch.zeros(n, dtype=torch.int64, device=like.device))

    def push(self, features: Tensor) -> "FeatureBank":
        """A new bank with this frame's features (B,N,C) appended and the oldest entry removed."""
        length = self.features.shape[1]
        return FeatureBank(
            torch.cat([self.features[:, 1:], features[:, None].to(self.features.dtype)], dim=1),
            (self.filled + 1).clamp(max=length),
        )

    @property
    def valid(self) -> Tensor:
        """(L,N) bool, true for the entries that count."""
        length = self.features.shape[1]
        return torch.arange(length, device=self.filled.device)[:, None] >= length - self.filled

    def take(self, slots: Tensor) -> "FeatureBank":
        """The bank of the slots with indices (n,) int64."""
        return FeatureBank(self.features[:, :, slots], self.filled[slots])

    def put(self, slots: Tensor, part: "FeatureBank") -> "FeatureBank":
        """A new bank in which ``part`` has the places of the slots with indices (n,) int64."""
        features = part.features.to(self.features.dtype)
        return FeatureBank(self.features.index_copy(2, slots, features), self.filled.index_copy(0, slots, part.filled))


class IntraQueryAttention(nn.Module):
    """A slot's next query from its own past (InsPro, Eq. 1): a weighted mean of its bank, plus its current feature.

    Args:
        embed_dims: C.
    """

    def __init__(self, embed_dims: int) -> None:
        super().__init__()
        self.score = nn.Linear(embed_dims, 1)

    def forward(self, current: Tensor, bank: Tensor, valid: Tensor | None = None) -> Tensor:
        """Average the bank of each slot with the softmax over L of a linear score as weights, and add ``current``.

        Args:
            current: (B,N,C) object features of this frame.
            bank: (B,L,N,C) object features of the last L frames, the oldest first, this frame's included.
            valid: (L,N) bool, the entries that count; all of them if ``None``.

        Returns:
            (B,N,C) queries for the next frame.
        """
        scores = self.score(bank)  # (B,L,N,1)
        if valid is not None:
            scores = scores.masked_fill(~valid[..., None], float("-inf"))
        return (scores.softmax(dim=1) * bank).sum(dim=1) + current


class Propagated(NamedTuple):
    """What a frame starts from: the learned initial values, or what the frame before it passed on.

    Attributes:
        queries: (B,N,C).
        boxes: (B,N,4) xyxy pixels, the proposals.
        bank: the slots' object features in the last frames; ``None`` without intra-query attention.
    """

    queries: Tensor
    boxes: Tensor
    bank: FeatureBank | None

    def take(self, slots: Tensor) -> "Propagated":
        """What the slots with indices (n,) int64 start from."""
        return Propagated(self.queries[:, slots], self.boxes[:, slots], self.bank and self.bank.take(slots))

    def put(self, slots: Tensor, part: "Propagated") -> "Propagated":
        """The same with ``part`` in the places of the slots with indices (n,) int64; the other slots keep theirs."""
        return Propagated(
            self.queries.index_copy(1, slots, part.queries.to(self.queries.dtype)),
            self.boxes.index_copy(1, slots, part.boxes.to(self.boxes.dtype)),
            self.bank.put(slots, part.bank) if self.bank is not None and part.bank is not None else None,
        )


def clip_to_frame(boxes: Tensor, sizes: Tensor, smallest: float = SMALLEST_SIDE) -> Tensor:
    """Clip proposals to the frame, and widen them about their middle where a side is too short.

    Deltas are in units of a box's sides, and a box without area has no features of its own. Of an object that left
    sideways, clipping would leave a box without width, from which no delta leads back to an object that returns.

    Args:
        boxes: (B,N,4) xyxy pixels.
        sizes: (B,2) height and width in pixels.
        smallest: the shortest side in pixels; frames are at least as large.

    Returns:
        (B,N,4) xyxy pixels, inside the frame.
    """
    wh = sizes.flip(-1)[:, None]
    low, high = (torch.minimum(corner.clamp(min=0), wh) for corner in boxes.split(2, dim=-1))
    middle = torch.minimum((low + high) / 2, wh - smallest / 2).clamp(min=smallest / 2)
    short = high - low < smallest
    return torch.cat(
        [torch.where(short, middle - smallest / 2, low), torch.where(short, middle + smallest / 2, high)], dim=-1
    )
