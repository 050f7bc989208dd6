"""The GPU check, as far as a CPU can show that it finds what it looks for."""

import json
import math
import sys
import textwrap

import pytest
import torch
from mmcv.ops import RoIAlign

from mmvis_ext.models import EfficientVIS, VideoModel
from mmvis_ext.registry import MODELS
from mmvis_ext.testing.gpu_check import (
    FailedError,
    Options,
    PlainRoIAlign,
    SkippedError,
    driver,
    run_checks,
    run_in_process,
    summary,
)
from mmvis_ext.testing.gpu_check.agreement import agreement
from mmvis_ext.testing.gpu_check.cases import BASELINES, EVERY, SYSTEMS
from mmvis_ext.testing.gpu_check.comparing import CpuDraws, deviation, recorded_calls, require_near
from mmvis_ext.testing.gpu_check.roi_layers import with_roi_layer
from mmvis_ext.testing.gpu_check.samples import moving_boxes
from mmvis_ext.testing.gpu_check.streaming import streaming
from mmvis_ext.testing.gpu_check.training import training

OPTIONS = Options("cpu", "mmcv")


def fails(**figures):
    raise FailedError("too far", **figures)


def skips():
    raise SkippedError("no such thing here")


def test_a_failing_check_does_not_stop_the_others():
    checks = [
        ("a", lambda: fails(deviation=2.0)),
        ("b", lambda: 1 / 0),
        ("c", skips),
        ("d", lambda: dict(fps=3.0)),
    ]
    outcomes = [outcome for outcome in run_checks(checks, 10.0) if outcome["status"] != "running"]
    a, b, c, d = ({key: value for key, value in outcome.items() if key != "seconds"} for outcome in outcomes)
    assert a == dict(name="a", status="failed", reason="too far", deviation=2.0)
    assert (b["status"], b["reason"]) == ("failed", "ZeroDivisionError: division by zero")
    assert "1 / 0" in b["traceback"]
    assert c == dict(name="c", status="skipped", reason="no such thing here")
    assert d == dict(name="d", status="passed", fps=3.0)
    assert [summary(part) for part in (outcomes, [c], [c, d])] == ["failed", "skipped", "passed"]


def test_no_check_begins_after_the_time_is_over():
    (outcome,) = run_checks([("late", lambda: fails())], -1.0)
    assert (outcome["status"], outcome["reason"]) == ("skipped", "the time of this part was over")


def process(lines, then: str) -> list[str]:
    """A part that does one check well and then something in the middle of the next."""
    script = f"""
        import os, time
        with open({str(lines)!r}, "w") as file:
            file.write('{{"name": "a", "status": "running"}}\\n{{"name": "a", "status": "passed"}}\\n')
            file.write('{{"name": "b", "status": "running", "began": %f}}\\n' % time.time())
        {then}
    """
    return [sys.executable, "-c", textwrap.dedent(script)]


@pytest.mark.parametrize(
    ("then", "said"), [("os._exit(3)", "exit code 3"), ("os.abort()", "exit code -6"), ("time.sleep(60)", "too long")]
)
def test_a_check_that_takes_the_process_along_is_reported(then, said, tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "GRACE", 5.0)
    monkeypatch.setattr(driver, "LONG", 0.1)
    part = run_in_process(process(tmp_path / "lines", then), 1.0, tmp_path / "lines")
    assert part["status"] == "failed"
    a, b = part["checks"]
    assert a == dict(name="a", status="passed")
    assert b["status"] == "failed"
    assert said in b["reason"]


def test_a_check_that_began_too_late_to_end_is_no_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "GRACE", 5.0)
    part = run_in_process(process(tmp_path / "lines", "time.sleep(60)"), 1.0, tmp_path / "lines")
    assert part["status"] == "passed"
    assert part["checks"][1]["status"] == "skipped"
    assert part["checks"][1]["reason"] == "the time of this part was over"


def test_a_part_that_never_begins_is_reported(tmp_path):
    part = run_in_process([sys.executable, "-c", "raise SystemExit(3)"], 30.0, tmp_path / "lines")
    assert (part["status"], part["checks"]) == ("failed", [])
    assert part["reason"] == "its process ended with exit code 3"


def test_outcomes_are_json_whatever_was_measured(tmp_path):
    driver.run_here(lambda _: [("a", lambda: dict(losses=[math.inf, 1.0]))], OPTIONS, 1.0, tmp_path / "lines")
    last = (tmp_path / "lines").read_text().splitlines()[-1]
    assert json.loads(last, parse_constant=pytest.fail)["losses"] == ["inf", 1.0]


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
    for part, kinds in ((agreement, ("step", "losses")), (streaming, ())):
        outcomes = [outcome for outcome in run_checks(part(OPTIONS), 300.0) if outcome["status"] != "running"]
        assert [(outcome["status"], outcome.get("reason")) for outcome in outcomes] == [("passed", None)] * len(
            outcomes
        )
        names = [f"{system.name}, {kind}" if kind else system.name for system in EVERY for kind in kinds or ("",)]
        assert [outcome["name"] for outcome in outcomes] == names


def test_a_loss_that_is_not_finite_fails(monkeypatch):
    weight = torch.zeros(1, requires_grad=True)
    monkeypatch.setattr(EfficientVIS, "loss", lambda self, inputs, data_samples: dict(loss=(weight * math.nan).sum()))
    name, check = next(training(OPTIONS))
    assert name == "EfficientVIS, fp32"
    with pytest.raises(FailedError, match="a loss is not finite"):
        check()
