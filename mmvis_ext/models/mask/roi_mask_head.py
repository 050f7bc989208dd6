"""Masks from RoI features (EfficientVIS, Sec. 3.1, "Head Networks")."""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["RoIMaskHead"]


class RoIMaskHead(nn.Module):
    """3x3 convolutions, one transposed convolution that doubles the side, and a 1x1 convolution to one logit per pixel.

    Args:
        embed_dims: C.
        num_convs: number of 3x3 convolutions.
    """

    def __init__(self, embed_dims: int, num_convs: int = 4) -> None:
        super().__init__()
        self.convs = nn.Sequential(
            *(
                layer
                for _ in range(num_convs)
                for layer in (nn.Conv2d(embed_dims, embed_dims, 3, padding=1), nn.ReLU(inplace=True))
            )
        )
        self.upsample = nn.ConvTranspose2d(embed_dims, embed_dims, 2, stride=2)
        self.relu = nn.ReLU(inplace=True)
        self.logits = nn.Conv2d(embed_dims, 1, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(B,N,T,C,S,S) -> (B,N,T,2S,2S) logits."""
        quarters = self._quarters(self.convs(features.flatten(0, 2))).unflatten(1, (2, 2))
        b, n, t, _, s, _ = features.shape
        return quarters.permute(0, 3, 1, 4, 2).reshape(b, n, t, 2 * s, 2 * s)

    def _quarters(self, x: Tensor) -> Tensor:
        """(M,C,S,S) -> (M,4,S,S), the logits of the 2x2 pixels that each pixel becomes, row by row.

        These do not overlap, so the transposed convolution is a plain one of four times the channels, which is faster.
        """
        (weight, bias), (logit_weight, logit_bias) = self.upsample.parameters(), self.logits.parameters()
        to_quarters = weight.permute(2, 3, 1, 0).reshape(-1, x.shape[1], 1, 1)
        quarters = self.relu(F.conv2d(x, to_quarters, bias.repeat(4)))
        return F.conv2d(quarters, logit_weight.repeat(4, 1, 1, 1), logit_bias.repeat(4), groups=4)
