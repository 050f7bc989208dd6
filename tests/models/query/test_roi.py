"""RoI features: the order of boxes, and the static form against mmdet's."""

import pytest
import torch
from mmdet.models.roi_heads.roi_extractors import SingleRoIExtractor

from mmvis_ext.models.query import StaticRoIExtractor, as_pyramid, gather_pyramid
from mmvis_ext.models.query.roi import boxes_to_rois

STRIDES = [4, 8, 16]
CFG = dict(
    roi_layer=dict(type="RoIAlign", output_size=3, sampling_ratio=2),
    out_channels=4,
    featmap_strides=STRIDES,
    finest_scale=16,
)


def pyramid(images: int = 2) -> list[torch.Tensor]:
    return [torch.randn(images, 4, 64 // s, 96 // s, requires_grad=True) for s in STRIDES]


def boxes_of_all_sizes(images: int = 2) -> torch.Tensor:
    """RoIs that belong to every level, some of them outside the image or empty."""
    sides = torch.tensor([1.0, 10.0, 31.9, 32.0, 40.0, 63.9, 64.0, 200.0, 0.0]).repeat(images)
    corner = torch.rand(len(sides), 2) * 120 - 30
    image = torch.arange(images).repeat_interleave(len(sides) // images).float()
    return torch.cat([image[:, None], corner, corner + sides[:, None]], dim=1)


@pytest.fixture(params=["rows", "levels"])
def form(request):
    """RoIs pooled from the rows of all levels, and on every level: a CPU's form and a GPU's."""
    if request.param == "levels":
        request.getfixturevalue("static")


def test_each_box_gets_the_index_of_its_frame():
    b, n, t = 2, 3, 4
    boxes = torch.rand(b, n, t, 4, requires_grad=True)
    rois = boxes_to_rois(boxes)
    for i, j, k in [(i, j, k) for i in range(b) for j in range(n) for k in range(t)]:
        assert rois[i, j, k].tolist() == [i * t + k, *boxes[i, j, k].tolist()]
    assert not rois.requires_grad


LAYERS = {
    "two samples": dict(output_size=3, sampling_ratio=2),
    "one sample": dict(output_size=5, sampling_ratio=1),
    "three samples": dict(output_size=2, sampling_ratio=3),
    "not aligned": dict(output_size=3, sampling_ratio=2, aligned=False),
    "samples by size": dict(output_size=3, sampling_ratio=0),
    "maximum": dict(output_size=3, sampling_ratio=2, pool_mode="max"),
}


@pytest.mark.usefixtures("form")
@pytest.mark.parametrize(
    "layer", [LAYERS[n] for n in LAYERS if n != "maximum"], ids=[n for n in LAYERS if n != "maximum"]
)
def test_equals_mmdets(layer):
    rois, levels = boxes_of_all_sizes(), pyramid()
    cfg = dict(CFG, roi_layer=dict(layer, type="RoIAlign"))
    theirs, ours = SingleRoIExtractor(**cfg), StaticRoIExtractor(**cfg)
    assert theirs.map_roi_levels(rois, 3).unique().tolist() == [0, 1, 2], "every level is used"
    expected, found = theirs(levels, rois), ours(levels, rois)
    torch.testing.assert_close(found, expected)
    weights = torch.randn_like(expected)
    for a, b in zip(
        torch.autograd.grad((expected * weights).sum(), levels),
        torch.autograd.grad((found * weights).sum(), levels),
        strict=True,
    ):
        assert (a != 0).any()
        torch.testing.assert_close(b, a)


def test_the_edges_of_a_level_are_mmcvs():
    """Samples exactly on the first and last pixel, half outside, and just beyond what mmcv still counts."""
    edges = torch.tensor([-4.0, -3.9, -2.0, 0.0, 2.0, 60.0, 62.0, 64.0, 65.9, 66.0, 66.1, 70.0])
    starts, ends = torch.meshgrid(edges, edges, indexing="ij")
    chosen = ends >= starts
    low, high = starts[chosen], ends[chosen]
    rois = torch.stack([torch.zeros_like(low), low, low.flip(0), high, high.flip(0)], dim=1)
    levels = [torch.randn(1, 4, 16, 16)]
    cfg = dict(CFG, featmap_strides=[4])
    torch.testing.assert_close(StaticRoIExtractor(**cfg)(levels, rois), SingleRoIExtractor(**cfg)(levels, rois))


def test_a_pyramid_makes_its_rows_once_and_gives_the_same():
    rois, levels = boxes_of_all_sizes(), pyramid()
    extractor, made = StaticRoIExtractor(**CFG), as_pyramid(levels)
    assert torch.equal(extractor(made, rois), extractor(levels, rois))
    assert made.rows is made.rows
    assert made.rows.shape == (sum(f[:, 0].numel() for f in levels), 4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_pyramid_gathered_from_chunks_is_that_of_all_images(size, dtype):
    levels = [level.detach().to(dtype) for level in pyramid(images=5)]
    gathered = gather_pyramid(zip(*(level.split(size) for level in levels), strict=True), 5)
    assert all(torch.equal(a, b) for a, b in zip(gathered, levels, strict=True))
    whole, made = as_pyramid(levels), as_pyramid(gathered)
    assert torch.equal(made.rows, whole.rows)
    assert made.rows.dtype == torch.float32
    assert {level.untyped_storage().data_ptr() for level in made} == {made.rows.untyped_storage().data_ptr()}
    rois = boxes_of_all_sizes(images=5)
    extractor = StaticRoIExtractor(**CFG)
    assert torch.equal(extractor(made, rois), extractor(whole, rois))


@pytest.mark.usefixtures("form")
def test_levels_without_a_stride_are_left_out():
    rois, levels = boxes_of_all_sizes(), pyramid()
    extractor = StaticRoIExtractor(**CFG)
    assert torch.equal(extractor([*levels, torch.randn(2, 4, 2, 3)], rois), extractor(levels, rois))


@pytest.mark.usefixtures("form")
def test_rois_are_scaled_like_mmdets():
    rois, levels = boxes_of_all_sizes(), pyramid()
    expected = SingleRoIExtractor(**CFG)(levels, rois, roi_scale_factor=1.5)
    torch.testing.assert_close(StaticRoIExtractor(**CFG)(levels, rois, roi_scale_factor=1.5), expected)


def test_the_static_form_asks_for_no_values(static, monkeypatch):
    """No ``nonzero`` and no ``item``: either would wait for the device."""

    def refuse(*args, **kwargs):
        raise AssertionError("a value was asked for")

    for name in ("nonzero", "item", "any", "tolist", "__bool__"):
        monkeypatch.setattr(torch.Tensor, name, refuse)
    StaticRoIExtractor(**CFG)(pyramid(), boxes_of_all_sizes())


@pytest.mark.usefixtures("form")
def test_half_precision_features_are_pooled_in_full_precision():
    rois, levels = boxes_of_all_sizes(), [f.bfloat16() for f in pyramid()]
    extractor = StaticRoIExtractor(**CFG)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = extractor(levels, rois)
    assert found.dtype == torch.float32
    assert torch.equal(found, extractor([f.float() for f in levels], rois))


@pytest.mark.usefixtures("form", "no_empty_launches")
def test_no_rois_give_no_features():
    assert StaticRoIExtractor(**CFG)(pyramid(), torch.zeros(0, 5)).shape == (0, 4, 3, 3)
