"""Attention maps number by number, and masks of instances over time."""

import itertools
import math

import pytest
import torch
from mmcv.ops import DeformConv2d
from torch import nn

from mmvis_ext.models.mask import AttentionMaps, SequenceMaskHead

T, C, HEADS, H, W = 3, 16, 4, 2, 3
OUTSIDE = torch.tensor([[False, False, True], [False, False, True]])


def maps_slowly(layer: AttentionMaps, queries: torch.Tensor, memory: torch.Tensor, t: int) -> dict:
    """Weights of frame ``t`` by (head, y, x): the exponential of each product of query and key by the sum of all."""
    width, products = C // HEADS, {}
    query = layer.query.weight @ queries[t] + layer.query.bias
    for y, x in itertools.product(range(H), range(W)):
        key = layer.key.weight[:, :, 0, 0] @ memory[t, :, y, x] + layer.key.bias
        for head in range(HEADS):
            part = slice(head * width, (head + 1) * width)
            if not OUTSIDE[y, x]:
                products[head, y, x] = math.exp(float(query[part] @ key[part]) / math.sqrt(width))
    total = sum(products.values())
    return {place: value / total for place, value in products.items()}


@torch.no_grad()
def test_attention_maps_number_by_number():
    layer, queries, memory = AttentionMaps(C, HEADS), 3 * torch.randn(T, C), torch.randn(T, C, H, W)
    layer.query.bias.normal_()
    layer.key.bias.normal_()
    found = layer(queries, memory, OUTSIDE)
    assert found.shape == (T, HEADS, H, W)
    for t in range(T):
        expected = maps_slowly(layer, queries, memory, t)
        for head, y, x in itertools.product(range(HEADS), range(H), range(W)):
            assert found[t, head, y, x].item() == pytest.approx(expected.get((head, y, x), 0.0), abs=1e-5)


def head(levels: int = 2, **changes) -> SequenceMaskHead:
    out = SequenceMaskHead([4, 6, 7][:levels], C, HEADS, **changes)
    out.init_weights()
    return out


def clip(levels: int = 2) -> dict:
    sizes = [(H << i, W << i) for i in range(levels, 0, -1)]
    return dict(
        memory=torch.randn(T, C, H, W),
        outside=OUTSIDE,
        levels=[torch.randn(T, c, *size) for c, size in zip((4, 6, 7), sizes, strict=False)],
    )


@pytest.mark.parametrize("deformable", [False, True])
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_masks_have_the_finest_levels_size(levels, deformable):
    model = head(levels, deformable=deformable)
    queries = torch.randn(2, T, C, requires_grad=True)
    logits = model(queries, **clip(levels))
    assert logits.shape == (2, T, H << levels, W << levels)
    logits.sum().backward()
    assert queries.grad.abs().sum() > 0
    assert not [name for name, parameter in model.named_parameters() if parameter.grad is None]


@torch.no_grad()
def test_an_instance_is_segmented_as_it_is_alone():
    model, data, queries = head(), clip(), torch.randn(3, T, C)
    together = model(queries, **data)
    for i in range(3):
        torch.testing.assert_close(model(queries[i : i + 1], **data)[0], together[i])
    torch.testing.assert_close(model(queries.flip(0), **data).flip(0), together)


@torch.no_grad()
def test_channels_are_halved_from_level_to_level():
    """The sizes of the paper: 384 channels and 8 heads, then 192, 96, 48, 24, and 12 over time."""
    model = SequenceMaskHead([256, 512, 1024], 384, 8, deformable=True)
    sizes = {
        kind: [(m.in_channels, m.out_channels) for m in model.modules() if isinstance(m, kind) and m.kernel_size[0] > 1]
        for kind in (nn.Conv2d, DeformConv2d, nn.Conv3d)
    }
    assert sizes == {
        nn.Conv2d: [(392, 392), (392, 192), (192, 96), (96, 48), (48, 18)],  # the last one gives the offsets
        DeformConv2d: [(48, 24)],
        nn.Conv3d: [(24, 12), (12, 12), (12, 12)],
    }
    assert [(m.in_channels, m.out_channels) for m in model.laterals] == [(1024, 192), (512, 96), (256, 48)]


@torch.no_grad()
def test_a_frame_is_seen_six_frames_away():
    model = head().eval()
    for part in model.sequence[:3]:
        part.gn = torch.nn.Identity()  # its statistics are those of all frames
    length, data = 16, clip()
    queries = torch.randn(1, 1, C).expand(1, length, C).clone()
    data |= dict(
        memory=data["memory"][:1].expand(length, -1, -1, -1),
        levels=[level[:1].expand(length, -1, -1, -1) for level in data["levels"]],
    )
    before = model(queries, **data)
    queries[0, 8] += 5
    moved = (model(queries, **data) - before)[0].abs().amax((1, 2)) > 1e-6
    assert set(moved.nonzero().squeeze(1).tolist()) == {2, 4, 6, 8, 10, 12, 14}, "a dilation of 2 leaves out the odd"


def test_a_deformable_convolution_begins_as_a_plain_one():
    plain, deformable = head(), head(deformable=True)
    weights = deformable.state_dict()
    assert {key for key in weights if "conv_offset" in key}
    plain.load_state_dict({key: value for key, value in weights.items() if "conv_offset" not in key})
    queries, data = torch.randn(2, T, C), clip()
    torch.testing.assert_close(deformable(queries, **data), plain(queries, **data), rtol=1e-4, atol=1e-5)
