"""Every registered model on a real GPU, where a kernel cannot be started for nothing."""

import pytest
import torch
from mmcv.ops import RoIAlign
from small_model import CASES, empty_sample, rectangles, video_sample

from mmvis_ext.models.roi_align import roi_align
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.testing.gpu_check import mmcv_runs_on

DEVICE = "cuda"
SIZE = (64, 96)

pytestmark = pytest.mark.gpu


@pytest.fixture(autouse=True)
def operators():
    if not mmcv_runs_on(DEVICE):
        pytest.skip("mmcv's operators are not compiled for this GPU")


@pytest.mark.parametrize("case", CASES)
def test_it_learns_with_and_without_objects_and_steps(case):
    model = MODELS.build(CASES[case]()).to(DEVICE).train()
    frames = torch.randn(1, 2, 3, *SIZE, device=DEVICE)
    nothing, something = rectangles(size=SIZE), rectangles((0, 1, (4, 6, 40, 50)), size=SIZE)
    for sample in (empty_sample(2, SIZE), video_sample(nothing, something, size=SIZE)):
        losses = model.loss(frames, [sample.to(DEVICE)])
        total = sum(value for name, value in losses.items() if "loss" in name)
        assert torch.isfinite(total)
        total.backward()
    state = model.eval().init_state(FrameGeometry(SIZE, SIZE))
    for window in frames[0].split(min(model.window, 2)):
        detections, state = model.step(window, state)
    assert detections.scores.shape[-1] == model.num_classes


@pytest.mark.parametrize("number", [0, 3])
def test_rois_are_pooled_as_on_a_cpu(number):
    features, rois = torch.randn(2, 4, 16, 24), torch.tensor([[0.0, 2, 3, 40, 50]]).repeat(number, 1)
    layer, results = RoIAlign(3, 0.25, 2), []
    for device in ("cpu", DEVICE):
        own = features.to(device).requires_grad_()
        pooled = roi_align(own, rois.to(device), layer)
        pooled.sum().backward()
        results.append((pooled.detach().cpu(), own.grad.cpu()))
    torch.testing.assert_close(*results, rtol=1e-4, atol=1e-4)
