import pytest
import torch
from small_model import CASES

from mmvis_ext.engine import benchmarking
from mmvis_ext.engine.benchmarking import (
    Stepper,
    can_hold,
    compare_speed,
    compile_step,
    frame_size,
    generated_frames,
    peak_memory,
    stream_memory,
    time_in_turns,
)
from mmvis_ext.engine.building import build_model
from mmvis_ext.registry import MODELS
from mmvis_ext.testing import tiny_config
from mmvis_ext.utils.errors import InputError

SIZE = (40, 60)


@pytest.fixture
def model():
    return build_model(tiny_config())


def test_frame_size():
    assert frame_size("640x360") == (360, 640)
    for text in ("640", "640x", "0x5", "ax5", "640x360x3"):
        with pytest.raises(InputError, match="WIDTHxHEIGHT"):
            frame_size(text)


def test_generated_frames_are_padded_with_zeros():
    frames = generated_frames(2, SIZE)
    assert frames.shape == (2, 3, 64, 64)
    assert frames[:, :, :40, :60].std().item() == pytest.approx(1, abs=0.05)
    assert not frames[:, :, 40:].any()
    assert not frames[..., 60:].any()
    assert torch.equal(frames, generated_frames(2, SIZE))
    assert not torch.equal(frames, generated_frames(2, SIZE, seed=1))


def test_calls_take_turns(monkeypatch):
    clock, order = [0.0], []
    monkeypatch.setattr(benchmarking.time, "perf_counter", lambda: clock[0])

    def call(name: str, seconds: float) -> None:
        order.append(name)
        clock[0] += seconds

    seconds = time_in_turns({"a": lambda: call("a", 1.0), "b": lambda: call("b", 2.0)}, repeat=3, warmup=1)
    assert seconds == {"a": [1.0] * 3, "b": [2.0] * 3}
    assert order == list("abbaabba")


def test_a_stepper_goes_on_from_its_state_and_leaves_the_model_alone(model):
    step = Stepper(model, generated_frames(2, SIZE), SIZE, held=99)
    before = step.state.slots.queries.clone()
    detections = step()
    assert detections.visible.all()
    assert all(mask is None or mask["size"] == list(SIZE) for masks in detections.masks for mask in masks)
    assert step.visible_share == 1
    assert not torch.equal(step.state.slots.queries, before)


def test_compare_speed(model):
    figures = compare_speed(model, generated_frames(2, SIZE), SIZE, repeat=3, warmup=1)
    steps = ("step", "step_some_visible", "step_all_visible")
    assert {k: len(v) for k, v in figures["seconds"].items()} == dict.fromkeys(("backbone_neck", *steps), 3)
    for name, value in figures["fps"].items():
        assert value == pytest.approx(2 / sorted(figures["seconds"][name])[1])
    for name in steps:
        assert figures["ratio"][name] == pytest.approx(figures["fps"][name] / figures["fps"]["backbone_neck"])
    assert figures["visible_share"]["step_all_visible"] == 1
    assert "speedup" not in figures


def test_the_speedup_is_over_the_rival(model):
    figures = compare_speed(model, generated_frames(2, SIZE), SIZE, repeat=3, warmup=0, rival=model, held=1)
    assert set(figures["speedup"]) == {"step", "step_some_visible", "step_all_visible"}
    for name, value in figures["speedup"].items():
        assert value == pytest.approx(figures["fps"][name] / figures["fps"]["rival"])


def test_a_stepper_holds_some_slots_visible(model):
    step = Stepper(model, generated_frames(2, SIZE), SIZE, held=1)
    eager = model.forward_window
    for _ in range(3):
        assert step().visible.tolist() == [[True, True]] + [[False, False]] * (len(step.state.slots.queries) - 1)
    assert model.forward_window == eager


def test_a_stepper_knows_what_the_network_took(model, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(benchmarking.time, "perf_counter", lambda: clock[0])
    extract, step = model.extract_features, model.step

    def slow_extract(frames):
        clock[0] += 3.0
        return extract(frames)

    def slow_step(*args):
        clock[0] += 1.0
        return step(*args)

    model.extract_features, model.step = slow_extract, slow_step
    figures = compare_speed(model, generated_frames(4, SIZE), SIZE, repeat=2, warmup=1)
    assert figures["seconds"]["step"] == [8.0, 8.0], "two windows"
    assert figures["network_share"] == dict.fromkeys(("step", "step_some_visible", "step_all_visible"), 0.75)


def test_stream(model):
    model.visible_thr, model.reset_after = 0.0, 0
    result = stream_memory(model, 7, SIZE)
    assert result["frames"] == 7
    assert 0 < result["tracks"] <= 4
    assert 0 < result["masks"] <= 4 * 7
    assert 50 < result["peak_memory_mib"] <= peak_memory()


def test_as_many_objects_are_held_as_asked_for(model):
    figures = compare_speed(model, generated_frames(2, SIZE), SIZE, repeat=1, warmup=0, held=1)
    assert figures["visible_share"]["step_some_visible"] == pytest.approx(1 / 4)


def test_a_stream_holds_objects(model):
    result = stream_memory(model, 6, SIZE, held=2)
    assert (result["frames"], result["tracks"]) == (6, 2)
    assert result["masks"] > 0


def test_the_tensor_part_is_compiled_from_then_on(model):
    eager = model.forward_window
    compile_step(model)
    assert model.forward_window != eager


@pytest.mark.parametrize("case", CASES)
def test_models_whose_frames_can_show_objects_are_timed_so(case):
    model = MODELS.build(CASES[case]()).eval()
    figures = compare_speed(model, generated_frames(2, (32, 48)), (32, 48), repeat=1, warmup=0, held=2)
    assert ("step_some_visible" in figures["fps"]) == can_hold(model)
    if can_hold(model):
        assert figures["visible_share"]["step_some_visible"] > 0
