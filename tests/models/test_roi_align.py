"""The operator is mmcv's, whole in compiled code, and never started for nothing."""

import mmcv.ops
import pytest
import torch
from mmcv.ops import RoIAlign

from mmvis_ext.models.mask import crop_masks
from mmvis_ext.models.roi_align import roi_align

ROIS = torch.tensor([[0, 3.3, 2, 20, 30.5], [1, -8, -2, 50, 40], [1, 5, 5, 5, 5], [0, 90, 60, 120, 90.0]])


@pytest.fixture
def features() -> torch.Tensor:
    return torch.randn(2, 4, 16, 24, requires_grad=True)


@pytest.mark.parametrize("layer", [RoIAlign(3, 0.25, 2), RoIAlign(5, 0.5, 0, aligned=False)])
def test_the_operator_is_mmcvs(features, layer):
    expected, found = layer(features, ROIS), roi_align(features, ROIS, layer)
    assert torch.equal(found, expected)
    weights = torch.randn_like(expected)
    (a,) = torch.autograd.grad((expected * weights).sum(), features)
    (b,) = torch.autograd.grad((found * weights).sum(), features)
    torch.testing.assert_close(b, a)


def test_the_operator_keeps_the_rules_of_compiled_code(features):
    results = torch.library.opcheck(
        torch.ops.mmvis_ext.roi_align.default, (features, ROIS, 3, 0.25, 2, True),
        test_utils=("test_schema", "test_faketensor", "test_autograd_registration"),
    )  # fmt: skip
    assert set(results.values()) == {"SUCCESS"}


@pytest.mark.usefixtures("no_empty_launches")
def test_zero_rois_start_no_kernel(features):
    layer = RoIAlign(3, 0.25, 2)
    with pytest.raises(AssertionError, match="CUDA error"):
        mmcv.ops.roi_align(features, ROIS[:0], 3, 0.25, 2)
    pooled = roi_align(features, ROIS[:0], layer)
    assert pooled.shape == (0, 4, 3, 3)
    pooled.sum().backward()
    assert torch.equal(features.grad, torch.zeros_like(features))
    assert crop_masks(torch.zeros(0, 20, 30, dtype=torch.uint8), torch.zeros(0, 4), 7).shape == (0, 7, 7)
    assert roi_align(features, ROIS, layer).any(), "others do"
