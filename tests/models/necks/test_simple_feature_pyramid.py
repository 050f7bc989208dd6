"""ViTDet's pyramid, against its formulas written out."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from mmvis_ext.models import SimpleFeaturePyramid
from mmvis_ext.models.necks.simple_feature_pyramid import ChannelNorm
from mmvis_ext.registry import MODELS


def twice(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Each pixel becomes 2x2 pixels, each with its own matrix (C,C')."""
    b, _, h, w = x.shape
    out = x.new_zeros(b, weight.shape[1], 2 * h, 2 * w)
    for dy in (0, 1):
        for dx in (0, 1):
            out[:, :, dy::2, dx::2] = torch.einsum("bchw,cd->bdhw", x, weight[:, :, dy, dx]) + bias.view(1, -1, 1, 1)
    return out


def normalised(x: Tensor, norm: ChannelNorm) -> Tensor:
    mean, var = x.mean(1, keepdim=True), x.var(1, keepdim=True, unbiased=False)
    return (x - mean) / (var + 1e-6).sqrt() * norm.weight.view(1, -1, 1, 1) + norm.bias.view(1, -1, 1, 1)


def test_levels_are_those_of_the_paper():
    neck = SimpleFeaturePyramid(8, out_channels=6).double()
    for parameter in neck.parameters():
        torch.nn.init.normal_(parameter)
    x = torch.randn(2, 8, 4, 6, dtype=torch.float64)
    first, norm, _, second = neck.levels[0][0]
    finest = twice(x, first.weight, first.bias)
    finest = twice(F.gelu(normalised(finest, norm)), second.weight, second.bias)
    finer = twice(x, neck.levels[1][0].weight, neck.levels[1][0].bias)
    coarser = torch.stack([x[:, :, i::2, j::2] for i in (0, 1) for j in (0, 1)]).amax(0)
    found = neck((torch.zeros(1), x))
    assert [tuple(level.shape) for level in found] == [(2, 6, 16, 24), (2, 6, 8, 12), (2, 6, 4, 6), (2, 6, 2, 3)]
    for level, ours, theirs in zip(neck.levels, found, (finest, finer, x, coarser), strict=True):
        theirs = normalised(torch.einsum("bchw,dc->bdhw", theirs, level[1].weight[:, :, 0, 0]), level[2])
        padded = F.pad(theirs, (1, 1, 1, 1))
        h, w = theirs.shape[-2:]
        theirs = sum(
            torch.einsum("bchw,dc->bdhw", padded[:, :, y : y + h, x : x + w], level[3].weight[:, :, y, x])
            for y in range(3)
            for x in range(3)
        )
        torch.testing.assert_close(ours, normalised(theirs, level[4]))


def test_it_is_built_by_name_and_every_weight_learns():
    neck = MODELS.build(dict(type="mmvis_ext.SimpleFeaturePyramid", in_channels=8, out_channels=4))
    sum(level.square().sum() for level in neck([torch.randn(1, 8, 2, 2)])).backward()
    assert not [name for name, parameter in neck.named_parameters() if parameter.grad is None]


@pytest.mark.parametrize("channels", [6, 2])
def test_channels_that_do_not_divide_are_refused(channels):
    with pytest.raises(ValueError, match=rf"^in_channels={channels} must be a multiple of 4"):
        SimpleFeaturePyramid(channels)
