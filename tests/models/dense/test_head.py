"""The heads: shapes, ranges, where they start, and that the heatmap reaches the tracking head alone."""

import pytest
import torch
from torch import nn

from mmvis_ext.models import DenseHead
from mmvis_ext.registry import MODELS

C, K = 4, 3
SIDES = ((8, 12), (4, 6), (2, 3))


def build(**changes) -> DenseHead:
    cfg = dict(type="DenseHead", in_channels=C, channels=6, head_channels=5, num_levels=3, extra_bandwidths=(0.5, 0.3))
    head = MODELS.build(cfg | changes)
    head.init_weights()
    return head


def lively(**changes) -> DenseHead:
    """With last convolutions that do not start near zero."""
    head = build(**changes)
    for branch in head.children():
        if isinstance(branch, nn.Sequential):
            nn.init.normal_(branch[-1].weight)
    return head


def inputs(b: int = 2) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor]:
    return [torch.randn(b, C, *s) for s in SIDES], torch.randn(b, C, *SIDES[-1]), torch.rand(b, 1, *SIDES[0])


@pytest.mark.parametrize("num_classes", [None, K])
@pytest.mark.parametrize("extra", [(), (0.5, 0.3)])
@torch.no_grad()
def test_every_map_has_its_channels_and_its_range(num_classes, extra):
    head = lively(num_classes=num_classes, extra_bandwidths=extra)
    found = head(*inputs(), (15, 21))
    shapes = [None if m is None else tuple(m.shape) for m in found]
    size = (15, 21)
    assert shapes == [
        (2, 2 + len(extra), *size), (2, 2, *size), (2, 2, *size), (2, *size),
        None if num_classes is None else (2, K, *size),
    ]  # fmt: skip
    assert (found.bandwidths > 0).all()
    assert (found.objectness > 0).all()
    assert (found.objectness < 1).all()
    assert (found.offsets < 0).any()
    assert (found.tracking < 0).any()


@torch.no_grad()
def test_heads_are_two_convolutions_on_the_decoded_map_then_enlarged():
    head, (features, before, heatmap), size = lively(num_classes=K), inputs(), (15, 23)
    found, x = head(features, before, heatmap, size), head.decoder(features, before)

    def branch(name: str, given: torch.Tensor) -> torch.Tensor:
        first, _, last = getattr(head, name)
        return nn.functional.interpolate(last(first(given).relu()), size, mode="bilinear", align_corners=True)

    with_centres = torch.cat([x, heatmap], dim=1)
    torch.testing.assert_close(found.offsets, branch("offsets", x))
    torch.testing.assert_close(found.bandwidths, (1 + branch("bandwidths", x).exp()).log() + 1e-4)
    torch.testing.assert_close(found.tracking, branch("tracking", with_centres))
    torch.testing.assert_close(found.objectness, 1 / (1 + (-branch("objectness", x)[:, 0]).exp()))
    torch.testing.assert_close(found.class_logits, branch("categories", x))


@torch.no_grad()
def test_the_heatmap_reaches_the_tracking_head_alone():
    head, (features, before, heatmap) = lively(num_classes=K), inputs()
    one, other = (head(features, before, h, (8, 12)) for h in (heatmap, torch.zeros_like(heatmap)))
    assert not torch.equal(one.tracking, other.tracking)
    for name in ("offsets", "bandwidths", "objectness", "class_logits"):
        assert torch.equal(getattr(one, name), getattr(other, name))


@torch.no_grad()
def test_the_frame_before_matters():
    head, (features, before, heatmap) = lively(), inputs()
    one, other = (head(features, b, heatmap, (8, 12)) for b in (before, -before))
    assert not torch.equal(one.offsets, other.offsets)


@torch.no_grad()
def test_a_heatmap_of_another_size_is_fitted():
    head, (features, before, heatmap) = lively(), inputs()
    larger = nn.functional.interpolate(heatmap, (9, 13), mode="bilinear", align_corners=True)
    fitted = nn.functional.interpolate(larger, SIDES[0], mode="bilinear", align_corners=True)
    found = head(features, before, larger, (8, 12))
    torch.testing.assert_close(found.tracking, head(features, before, fitted, (8, 12)).tracking)


@torch.no_grad()
def test_extreme_bandwidths_stay_above_zero():
    head = build()
    nn.init.constant_(head.bandwidths[-1].bias, -1e4)
    assert (head(*inputs(), (8, 12)).bandwidths > 0).all()


@torch.no_grad()
def test_at_the_start_pixels_stay_where_they_are():
    found = build(num_classes=K)(*inputs(), (8, 12))
    torch.testing.assert_close(found.offsets, torch.zeros_like(found.offsets), rtol=0, atol=0.05)
    torch.testing.assert_close(found.tracking, torch.zeros_like(found.tracking), rtol=0, atol=0.05)
    torch.testing.assert_close(found.bandwidths, torch.full_like(found.bandwidths, 0.2), rtol=0, atol=0.05)
    assert (found.objectness < 0.2).all()


def test_one_frame_of_a_batch():
    found = build(num_classes=K)(*inputs(), (8, 12))
    for part, whole in zip(found.frame(1), found, strict=True):
        assert torch.equal(part, whole[1])
    assert build()(*inputs(), (8, 12)).frame(0).class_logits is None


@pytest.mark.parametrize(("stride", "size"), [(1, (33, 48)), (2, (17, 24)), (4, (9, 12)), (8, (5, 6))])
def test_the_stride_gives_the_size_of_the_maps(stride, size):
    assert build(stride=stride).map_size(33, 48) == size


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (dict(extra_bandwidths=(0.5, 0.0)), "above 0"),
        (dict(extra_bandwidths=(-1.0,)), "above 0"),
        (dict(extra_bandwidths=(float("nan"),)), "above 0"),
        (dict(stride=0), "stride=0"),
        (dict(stride=1.5), "whole number"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        build(**changes)


def test_a_checkpoint_of_the_heads_own_config_stays(tmp_path):
    other = lively()
    torch.save(dict(state_dict=other.state_dict()), tmp_path / "head.pth")
    head = build(init_cfg=dict(type="Pretrained", checkpoint=str(tmp_path / "head.pth")))
    for name, value in other.state_dict().items():
        assert torch.equal(head.state_dict()[name], value), name
