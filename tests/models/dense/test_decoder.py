"""The decoder: which maps it reads, in which order, and at which size."""

import pytest
import torch
from torch import nn

from mmvis_ext.models.dense import DenseDecoder

C, CHANNELS = 4, 6
GN = dict(type="GN", num_groups=2)


def pyramid(b: int = 2, sides=((16, 24), (8, 12), (4, 6))) -> list[torch.Tensor]:
    return [torch.randn(b, C, h, w) for h, w in sides]


def conv2d_slowly(x: torch.Tensor, conv: nn.Conv2d) -> torch.Tensor:
    """A 3x3 convolution with a border of zeros, tap by tap."""
    h, w = x.shape[-2:]
    padded = torch.zeros(*x.shape[:2], h + 2, w + 2)
    padded[:, :, 1:-1, 1:-1] = x
    out = torch.zeros(len(x), conv.out_channels, h, w)
    if conv.bias is not None:
        out += conv.bias[:, None, None]
    for v in range(3):
        for u in range(3):
            out += torch.einsum("oc,bchw->bohw", conv.weight[:, :, v, u], padded[:, :, v : v + h, u : u + w])
    return out


def decode_slowly(decoder: DenseDecoder, features: list[torch.Tensor], before: torch.Tensor) -> torch.Tensor:
    conv = decoder.over_time
    past, now = (nn.Conv2d(C, C, 3, bias=False) for _ in range(2))
    past.weight.data, now.weight.data = conv.weight[:, :, 0], conv.weight[:, :, 1]
    x = conv2d_slowly(before, past) + conv2d_slowly(features[-1], now) + conv.bias[:, None, None]
    x = decoder.norm(x).clamp(min=0)
    for block, skip in zip(decoder.blocks, features[-2::-1], strict=True):
        x = nn.functional.interpolate(x, skip.shape[-2:], mode="bilinear", align_corners=True)
        x = conv2d_slowly(torch.cat([x, skip], dim=1), block.conv)
        x = (block.norm(x) if block.with_norm else x).clamp(min=0)
    return x


@pytest.mark.parametrize("norm_cfg", [None, GN])
@pytest.mark.parametrize("sides", [((16, 24), (8, 12), (4, 6)), ((15, 23), (8, 12), (4, 6)), ((4, 4), (1, 2))], ids=str)
@torch.no_grad()
def test_blocks_enlarge_take_a_skip_and_convolve(norm_cfg, sides):
    decoder, features = DenseDecoder(C, CHANNELS, len(sides), norm_cfg), pyramid(sides=sides)
    before = torch.randn_like(features[-1])
    found = decoder(features, before)
    assert found.shape == (2, CHANNELS, *sides[0])
    torch.testing.assert_close(found, decode_slowly(decoder, features, before), rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_a_batch_gives_what_its_frames_give_alone():
    decoder, features = DenseDecoder(C, CHANNELS, 3, GN), pyramid(3)
    before = torch.randn_like(features[-1])
    together = decoder(features, before)
    for b in range(3):
        alone = decoder([f[b : b + 1] for f in features], before[b : b + 1])
        torch.testing.assert_close(together[b : b + 1], alone)


def test_a_pyramid_of_another_depth_is_refused():
    with pytest.raises(ValueError, match="zip"):
        DenseDecoder(C, CHANNELS, 4)(pyramid(), torch.randn(2, C, 4, 6))
