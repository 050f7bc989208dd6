"""RoIAlign in torch's own operators, and where it is taken."""

import pytest
import torch
from mmcv.ops import RoIAlign

from mmvis_ext.testing.gpu_check import Options, PlainRoIAlign, SkippedError
from mmvis_ext.testing.gpu_check.cases import BASELINES, SYSTEMS
from mmvis_ext.testing.gpu_check.comparing import deviation, recorded_calls
from mmvis_ext.testing.gpu_check.roi_layers import with_roi_layer

OPTIONS = Options("cpu", "mmcv")


@pytest.mark.parametrize("aligned", [True, False])
def test_the_plain_roi_layer_is_mmcvs(aligned):
    features = torch.randn(2, 4, 16, 24, requires_grad=True)
    low = torch.rand(20, 2) * 100 - 10
    rois = torch.cat([torch.arange(20.0)[:, None] % 2, low, low + 60 * torch.rand(20, 2)], dim=1)
    results = []
    for kind in (RoIAlign, PlainRoIAlign):
        pooled = kind(3, 0.25, 2, aligned=aligned)(features, rois)
        (grad,) = torch.autograd.grad((pooled * torch.arange(3.0)).sum(), features)
        results.append((pooled.detach(), grad))
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-5)
    nothing = PlainRoIAlign(3, 0.25, 2)(features, rois[:0])
    assert nothing.shape == (0, 4, 3, 3)
    nothing.sum().backward()
    assert not features.grad.any()


@pytest.mark.usefixtures("static")
@pytest.mark.parametrize("system", SYSTEMS[:2], ids=lambda system: system.name)
def test_models_with_the_plain_roi_layer_see_the_same(system):
    calls = [recorded_calls(Options("cpu", roi).model(system), (64, 96), "cpu") for roi in ("mmcv", "plain")]
    assert deviation(*([result for _, result in each] for each in calls)) < 1e-4
    assert len(calls[0]) == 2


def test_the_roi_layer_is_changed_wherever_a_config_has_one():
    node = dict(a=[dict(type="RoIAlign", output_size=7)], b=dict(type="Other"))
    assert with_roi_layer(node, "mmcv") == node
    assert with_roi_layer(node, "torchvision")["a"] == [dict(type="RoIAlign", output_size=7, use_torchvision=True)]
    assert with_roi_layer(node, "plain")["a"] == [dict(type=PlainRoIAlign, output_size=7)]
    assert node["a"] == [dict(type="RoIAlign", output_size=7)]


def test_a_model_whose_operators_are_missing_is_skipped(monkeypatch):
    monkeypatch.setattr("mmvis_ext.testing.gpu_check.cases.mmcv_runs_on", lambda device: False)
    with pytest.raises(SkippedError, match=r"MaskTrack R-CNN needs mmcv's operators"):
        OPTIONS.model(BASELINES[0])
    OPTIONS.model(SYSTEMS[0])
