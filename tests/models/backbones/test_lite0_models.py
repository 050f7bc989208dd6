"""The models on EfficientNet-Lite0 build, learn once and step."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from small_model import rectangles, video_sample

from mmvis_ext.engine.building import build_model
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.testing import CONFIGS

H, W, T = 64, 96, 2
NAMES = sorted(path.stem for path in (CONFIGS / "_base_/models").glob("*_lite0.py"))


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope("mmvis_ext"):
        yield


def config(name: str) -> Config:
    return Config.fromfile(Path(CONFIGS) / f"_base_/models/{name}.py")


def test_there_is_one_of_each_system():
    assert [n.removesuffix("_lite0") for n in NAMES] == [
        "efficientvis",
        "inspro",
        "masktrack_rcnn",
        "salient_object",
        "srnet",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_it_learns_once_and_steps(name):
    model = build_model(config(name)).train()
    clips = 2 if model.window > 1 else 1
    frames = (rectangles((0, 0, (10 + t, 12, 40 + t, 50)), size=(H, W)) for t in range(clips * T))
    sample = video_sample(*frames, size=(H, W), num_clips=clips)
    total = sum(model.loss(torch.randn(1, clips * T, 3, H, W), [sample]).values())
    assert torch.isfinite(total)
    total.backward()
    names = {name: parameter.grad is not None for name, parameter in model.named_parameters()}
    frozen = {name for name in names if "backbone.layers.0." in name or "backbone.layers.1." in name}
    assert frozen
    assert {name for name, learns in names.items() if not learns} == frozen

    model.eval()
    state = model.init_state(FrameGeometry((H, W), (H, W)))
    window = min(model.window, T)
    detections, after = model.step(torch.randn(window, 3, H, W), state)
    assert detections.scores.shape[1:] == (window, model.num_classes)
    assert type(after) is type(state)


@pytest.mark.parametrize("name", NAMES)
def test_frames_are_scaled_as_the_weights_know_them(name):
    """TensorFlow's EfficientNet-Lite was trained on RGB in -1..1."""
    pixels = build_model(config(name)).data_preprocessor
    assert pixels.mean.flatten().tolist() == [127.0] * 3
    assert pixels.std.flatten().tolist() == [128.0] * 3
    assert pixels._channel_conversion
