"""The checks of the GPU check, as far as a CPU can show that they find what they look for."""

import math

import pytest
import torch

from mmvis_ext.models import EfficientVIS, VideoModel
from mmvis_ext.registry import MODELS
from mmvis_ext.testing.gpu_check import EVERY, FailedError, Options, run_checks
from mmvis_ext.testing.gpu_check.agreement import agreement
from mmvis_ext.testing.gpu_check.comparing import CpuDraws, deviation, require_near
from mmvis_ext.testing.gpu_check.processes import processes
from mmvis_ext.testing.gpu_check.samples import moving_boxes
from mmvis_ext.testing.gpu_check.streaming import streaming
from mmvis_ext.testing.gpu_check.training import training

OPTIONS = Options("cpu", "mmcv")


def test_deviation():
    one, other = torch.tensor([100.0, -200.0]), torch.tensor([100.0, -201.0])
    assert deviation(one, other) == pytest.approx(1 / 200)
    assert deviation((one, None, dict(x=True)), (one, None, dict(x=True))) == 0
    assert deviation(one / 1000, other / 1000) == pytest.approx(1 / 1000, rel=1e-4), (
        "below 1, differences count as they are"
    )
    assert deviation(one / 1000, other / 1000, least=0.01) == pytest.approx(1 / 200, rel=1e-4)
    assert deviation(one, one[:1]) == math.inf
    assert deviation(one, torch.tensor([100.0, math.nan])) == math.inf
    assert deviation(torch.tensor([math.inf]), torch.tensor([math.inf])) == 0
    assert deviation(torch.empty(0, 3), torch.empty(0, 3)) == 0


def test_results_that_differ_fail_with_their_figures():
    gradient = torch.full((3,), 1e-2)
    assert require_near(gradient, gradient, fps=2.0) == dict(fps=2.0, deviation=0.0, tolerance=1e-3)
    with pytest.raises(FailedError) as failed:
        require_near(gradient, 2 * gradient, least=1e-3, fps=2.0)
    assert failed.value.figures == dict(fps=2.0, deviation=pytest.approx(1.0), tolerance=1e-3)
    with pytest.raises(FailedError):
        require_near(gradient, gradient * math.nan)


def test_random_numbers_are_those_of_the_cpu():
    expected = torch.rand(2, 3, generator=torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    with CpuDraws():
        assert torch.equal(torch.rand(2, 3), expected)
        assert torch.rand(2, device="meta").device.type == "meta"
        assert torch.rand_like(torch.empty(2, device="cpu")).shape == (2,)
        assert torch.randperm(4, device="cpu").sort().values.tolist() == [0, 1, 2, 3]


def test_boxes_move_and_their_masks_fill_them():
    frames, sample = moving_boxes(5, (40, 60), num_classes=3, objects=2)
    assert (frames.shape, frames.dtype, len(sample)) == ((5, 3, 40, 60), torch.uint8, 5)
    first, last = sample[0].gt_instances, sample[4].gt_instances
    assert (last.bboxes[:, 0] > first.bboxes[:, 0]).all()
    for boxes, masks in ((frame.gt_instances.bboxes, frame.gt_instances.masks) for frame in sample.video_data_samples):
        sides = boxes[:, 2:] - boxes[:, :2]
        assert masks.masks.sum(axis=(1, 2)).tolist() == sides.prod(dim=1).tolist()
        assert ((boxes >= 0) & (boxes <= torch.tensor([60, 40, 60, 40]))).all()


@pytest.mark.slow
def test_every_registered_model_is_compared_and_timed():
    registered = {kind for kind in MODELS.module_dict.values() if isinstance(kind, type)}
    registered = {
        kind for kind in registered if issubclass(kind, VideoModel) and kind.__module__.startswith("mmvis_ext")
    }
    assert {type(OPTIONS.model(system)) for system in EVERY} == registered
    for part, kinds in ((agreement, ("step", "losses")), (streaming, ("fp32",))):
        outcomes = [outcome for outcome in run_checks(part(OPTIONS), 300.0) if outcome["status"] != "running"]
        done = [outcome for outcome in outcomes if outcome["status"] != "skipped"]
        assert [(outcome["status"], outcome.get("reason")) for outcome in done] == [("passed", None)] * len(done)
        assert [outcome["name"] for outcome in done] == [f"{system.name}, {kind}" for system in EVERY for kind in kinds]
        others = {outcome["reason"] for outcome in outcomes if outcome["status"] == "skipped"}
        of_a_gpu = ("a CUDA graph", "streaming in TF32", "streaming in bf16")
        assert others == ({f"{what} has no meaning on a CPU" for what in of_a_gpu} if part is streaming else set())


def test_a_loss_that_is_not_finite_fails(monkeypatch):
    weight = torch.zeros(1, requires_grad=True)
    monkeypatch.setattr(EfficientVIS, "loss", lambda self, inputs, data_samples: dict(loss=(weight * math.nan).sum()))
    name, check = next(training(OPTIONS))
    assert name == "EfficientVIS, fp32"
    with pytest.raises(FailedError, match="a loss is not finite"):
        check()


def test_a_model_that_computes_something_else_fails(monkeypatch):
    step, steps = EfficientVIS.forward_window, []

    def off(self, *args):
        result, carried = step(self, *args)
        steps.append(result)
        return result._replace(scores=result.scores + 0.01 * (len(steps) > 2)), carried

    monkeypatch.setattr(EfficientVIS, "forward_window", off)
    name, check = next(agreement(OPTIONS))
    assert name == "EfficientVIS, step"
    with pytest.raises(FailedError, match="differ by more than the tolerance") as failed:
        check()
    assert failed.value.figures["deviation"] == pytest.approx(0.01, rel=1e-3)


def test_processes_that_do_not_end_fail(monkeypatch):
    monkeypatch.setitem(processes.__globals__, "SECONDS", 0.1)
    _, check = next(processes(OPTIONS))
    with pytest.raises(FailedError, match="did not end within"):
        check()
