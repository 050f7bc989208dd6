"""What cannot be exported ends in one sentence, before anything is computed."""

import importlib.util

import pytest
from export_cases import SIZE, model_of
from small_model import CASES

from mmvis_ext.export import SYSTEMS, export_model, load_format
from mmvis_ext.registry import MODELS
from mmvis_ext.utils.errors import InputError

OTHERS = [case for case in CASES if type(MODELS.build(CASES[case]())) not in SYSTEMS]


@pytest.mark.parametrize("case", OTHERS)
def test_other_models(case, tmp_path):
    model = MODELS.build(CASES[case]()).eval()
    sentence = rf"^a model of type {type(model).__name__} cannot be exported; choose a config of EfficientVIS, InsPro, "
    with pytest.raises(InputError, match=sentence):
        export_model(model, ["a"], tmp_path / "x.pt2", (64, 96), "torchscript")
    assert not list(tmp_path.iterdir())


def test_there_are_other_models():
    assert len(OTHERS) > 4


def test_a_linker(tmp_path):
    with pytest.raises(InputError, match=r"with a linker cannot be exported; set model\.linker=None\."):
        export_model(model_of("efficientvis, linked by hand"), ["a"], tmp_path / "x.pt", SIZE, "torchscript")


def test_a_model_without_normalisation(tmp_path):
    cfg = CASES["srnet"]()
    cfg.data_preprocessor = dict(type="VideoDataPreprocessor", pad_size_divisor=16)
    with pytest.raises(InputError, match="no data_preprocessor with mean and std; set both in its config"):
        export_model(MODELS.build(cfg).eval(), ["a"], tmp_path / "x.pt", SIZE, "torchscript")


def test_formats():
    with pytest.raises(
        InputError, match=r"^format 'tflite' is unknown; choose one of onnx, torchscript, exported-prog"
    ):
        load_format("tflite")


def test_missing_packages(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if "onnx" in name else find(name))
    with pytest.raises(InputError, match=r"^format 'onnx' needs onnx, onnxscript, onnxruntime; pip install mmvis_ext"):
        load_format("onnx")
    assert load_format("torchscript")


def test_no_objects(tmp_path):
    with pytest.raises(InputError, match="objects=0 is too few; give at least 1"):
        export_model(model_of("srnet"), ["a"], tmp_path / "x.pt", SIZE, "torchscript", objects=0)


def test_places_that_cannot_be_written(tmp_path):
    (tmp_path / "x.between.pt").mkdir()
    for case, out in (("srnet", tmp_path), ("srnet", "/dev/null/x.pt"), ("inspro-lite", tmp_path / "x.pt")):
        with pytest.raises(InputError, match=r"is a folder; give the name|cannot be written"):
            export_model(model_of(case), ["a"], out, SIZE, "torchscript")
