"""Models of other libraries beside the project's own; the libraries are stand-ins, which say how they were called."""

import sys
from types import ModuleType

import pytest
import torch

from mmvis_ext.engine.benchmarking import compare_speed, generated_frames
from mmvis_ext.engine.rivals import is_rival, rival_step
from mmvis_ext.models import InsPro
from mmvis_ext.registry import MODELS
from mmvis_ext.utils.errors import InputError

SIZE = (30, 44)
FRAMES = torch.randn(2, 3, 32, 64)


@pytest.fixture
def yolo(monkeypatch):
    """A stand-in for ultralytics; the pictures that it was given."""
    seen = []

    class YOLO:
        def __init__(self, file):
            if file != "yolo11m-seg.yaml":
                raise FileNotFoundError(file)

        def predict(self, picture, **settings):
            if not hasattr(self, "begun"):
                self.begun = True
                torch.set_num_threads(torch.get_num_threads() + 1)
            seen.append((picture, settings))

    module = ModuleType("ultralytics")
    module.YOLO = YOLO
    monkeypatch.setitem(sys.modules, "ultralytics", module)
    return seen


@pytest.fixture
def videomt(monkeypatch):
    """A stand-in for transformers; the config and the videos that it was given."""
    seen = []

    class Net(torch.nn.Module):
        def __init__(self, config):
            super().__init__()
            seen.append(config)

        def forward(self, pixel_values_videos):
            assert not self.training
            seen.append(pixel_values_videos)

    module = ModuleType("transformers")
    module.VideomtConfig, module.VideomtForUniversalSegmentation = dict, Net
    monkeypatch.setitem(sys.modules, "transformers", module)
    return seen


def test_names_of_rivals_are_no_configs():
    assert is_rival("ultralytics:yolo11m-seg")
    assert is_rival("transformers:videomt-small")
    assert not is_rival("configs/inspro/inspro_r50_ytvis2019.py")
    assert not is_rival("C:/inspro.py")


def test_yolo_gets_each_frame_as_a_picture(yolo):
    threads = torch.get_num_threads()
    step = rival_step("ultralytics:yolo11m-seg", FRAMES, SIZE)
    assert torch.get_num_threads() == threads, "the library's own choice is not that of the others"
    yolo.clear()
    step()
    assert len(yolo) == len(FRAMES)
    for picture, settings in yolo:
        assert (picture.shape, picture.dtype) == ((*SIZE, 3), "uint8")
        assert settings == dict(imgsz=(32, 64), device="cpu", verbose=False)


def test_videomt_gets_each_frame_as_a_square_without_its_padding(videomt):
    frames = FRAMES.clone()
    frames[:, :, SIZE[0] :], frames[..., SIZE[1] :] = torch.nan, torch.nan
    rival_step("transformers:videomt-small", frames, SIZE)()
    config, *videos = videomt
    assert config["hidden_size"] == 384
    assert [video.shape for video in videos] == 2 * [(1, 1, 3, 640, 640)]
    assert all(video.isfinite().all() for video in videos)


def test_the_speedup_is_over_the_rival(yolo):
    from small_model import inspro_cfg

    model = MODELS.build(inspro_cfg()).eval()
    assert isinstance(model, InsPro)
    figures = compare_speed(model, generated_frames(2, SIZE), SIZE, 2, 0, rival="ultralytics:yolo11m-seg", held=1)
    assert len(yolo) == 6  # once before the two turns
    assert figures["speedup"].keys() == {"step", "step_some_visible", "step_all_visible"}
    for name, value in figures["speedup"].items():
        assert value == pytest.approx(figures["fps"][name] / figures["fps"]["rival"])
    assert "rival" not in figures["network_share"]


def test_unknown_models_and_missing_libraries(yolo, videomt, monkeypatch):
    with pytest.raises(InputError, match=r"ultralytics has no yolo99\.yaml; take a name as yolo11m-seg"):
        rival_step("ultralytics:yolo99", FRAMES, SIZE)
    for name in ("detr", "videomt", "videomt-tiny"):
        with pytest.raises(InputError, match=f"transformers:{name}: is not known; take videomt-small"):
            rival_step(f"transformers:{name}", FRAMES, SIZE)
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    with pytest.raises(InputError, match=r"ultralytics cannot be imported .*; pip install ultralytics"):
        rival_step("ultralytics:yolo11m-seg", FRAMES, SIZE)
