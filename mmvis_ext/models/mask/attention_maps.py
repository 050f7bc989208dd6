"""Where a query looks, as maps (DETR, Sec. 4.4; VisTR, Sec. 3.3)."""

import torch
from mmengine.model import xavier_init
from torch import Tensor, nn

__all__ = ["AttentionMaps"]


class AttentionMaps(nn.Module):
    """Multi-head attention of a query to the features of its own frame, of which the weights are the result.

    As in DETR, the softmax is over all heads and places of a query together.

    Args:
        embed_dims: C.
        num_heads: number of maps per query.
    """

    def __init__(self, embed_dims: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.query, self.key = nn.Linear(embed_dims, embed_dims), nn.Conv2d(embed_dims, embed_dims, 1)
        for layer in (self.query, self.key):
            xavier_init(layer, distribution="uniform")

    def forward(self, queries: Tensor, memory: Tensor, outside: Tensor) -> Tensor:
        """The maps of one instance.

        Args:
            queries: (T,C), one per frame.
            memory: (T,C,h,w) encoded features of the frames.
            outside: (h,w) bool, where these are padding, which gets no weight.

        Returns:
            (T, num_heads, h, w); those of a frame sum to one.
        """
        q = self.query(queries).unflatten(1, (self.num_heads, -1))
        k = self.key(memory).unflatten(1, (self.num_heads, -1))
        weights = torch.einsum("thc,thcyx->thyx", q * q.shape[-1] ** -0.5, k).masked_fill(outside, float("-inf"))
        return weights.flatten(1).softmax(-1).view_as(weights)
