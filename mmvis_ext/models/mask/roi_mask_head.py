"""Masks from RoI features (EfficientVIS, Sec. 3.1, "Head Networks")."""

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
        shape = features.shape
        x = self.convs(features.flatten(0, 2))
        x = self.logits(self.relu(self.upsample(x)))
        return x.view(*shape[:3], 2 * shape[-1], 2 * shape[-1])
