"""A system that brings its own file and its configs is trained, tested, streamed and measured by every tool."""

import json

import pytest
import torch
from running import call
from toy_system import ToyQueries

from mmvis_ext import VISInferencer
from mmvis_ext.testing import CONFIGS, tiny_config

LEAF = f"""
_base_ = [
    "{CONFIGS}/_base_/models/resnet50_fpn.py",
    "{CONFIGS}/_base_/datasets/shapes_vis_mini.py",
    "{CONFIGS}/_base_/schedules/small_4e.py",
    "{CONFIGS}/_base_/default_runtime.py",
]
model = dict(type="ToyQueries", num_classes=5)
train_dataloader = dict(dataset=dict(clips=dict(clip_len=2, num_clips=1)))
train_cfg = dict(max_epochs=1, val_interval=1)
"""


@pytest.fixture
def config(data, tmp_path):
    (tmp_path / "leaf.py").write_text(LEAF)

    def write(name: str, **overrides):
        tiny_config(data, str(tmp_path / "leaf.py"), **overrides).dump(tmp_path / name)
        return tmp_path / name

    return write


def test_a_toy_goes_the_whole_way(config, data, tmp_path, capsys):
    path, work = config("toy.py"), tmp_path / "work"
    assert call("train.py", path, "--work-dir", work) == 0
    assert call("train.py", path, "--work-dir", work, "--resume", "--cfg-options", "train_cfg.max_epochs=2") == 0
    checkpoint, results = work / "epoch_2.pth", tmp_path / "results.zip"
    assert call("test.py", path, checkpoint, "--work-dir", work, "--out", results) == 0
    assert call("eval_vis.py", data / "val.json", results, "--json") == 0
    frames = next((data / "val/JPEGImages").iterdir())
    assert call("infer_video.py", path, checkpoint, frames, "--out", tmp_path / "overlay.mp4", "--device", "cpu") == 0
    capsys.readouterr()
    options = ("--size", "64x48", "--repeat", "1", "--warmup", "0", "--json", "-")
    assert call("analysis_tools/benchmark.py", path, "--device", "cpu", *options) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["fps"].keys() == {"backbone_neck", "step"}
    assert figures["flops_per_frame"]["backbone"] > 0
    assert call("analysis_tools/get_flops.py", path, "--size", "64x48") == 0
    inferencer = VISInferencer(path, checkpoint, "cpu")
    assert isinstance(inferencer.model, ToyQueries)
    assert len(inferencer(frames)) > 0


def test_a_toy_starts_from_a_toy_of_other_classes(config, tmp_path, capsys):
    path, start = config("toy.py"), tmp_path / "start.pth"
    weights = ToyQueries(num_classes=7, backbone=None, neck=None).state_dict()
    torch.save(dict(state_dict=weights), start)
    arguments = (path, "--work-dir", tmp_path / "work", "--cfg-options", f"load_from={start}")
    assert call("train.py", *arguments) == 1
    assert "load_other_classes=True" in capsys.readouterr().err
    assert call("train.py", *arguments, "load_other_classes=True") == 0
