"""InsPro and its kin through the command-line tools: by iterations, resumed, in two phases, tested and streamed."""

import copy
import json
import shutil

import pytest
import torch
from running import call

from mmvis_ext.checkpoints import read_checkpoint
from mmvis_ext.engine.checkpoints import latest_checkpoint
from mmvis_ext.shapes_vis import generate
from mmvis_ext.testing import tiny_checkpoint, tiny_config

SMALL = "inspro/inspro_small_shapesvis-mini.py"
BY_ITERATIONS = {
    "train_cfg": dict(_delete_=True, type="IterBasedTrainLoop", max_iters=6, val_interval=100),
    "param_scheduler": [dict(type="MultiStepLR", milestones=[3], by_epoch=False)],
    "default_hooks__checkpoint": dict(by_epoch=False, interval=2, max_keep_ckpts=9),
    "log_processor__by_epoch": False,
    "train_dataloader__sampler__endless": True,
    "train_dataloader__sampler__repeat": 1,
    "train_dataloader__batch_size": 1,
}


def write(path, data, name=SMALL, **overrides):
    tiny_config(data, name, **overrides).dump(path)
    return path


@pytest.mark.parametrize("workers", [0, 1])
def test_a_run_by_iterations_resumes_to_the_same_weights(workers, data, tmp_path):
    settings = copy.deepcopy(BY_ITERATIONS) | {"train_dataloader__num_workers": workers}
    config = write(tmp_path / "inspro.py", data, **settings)
    assert call("train.py", config, "--work-dir", tmp_path / "whole") == 0
    half = tmp_path / "half"
    half.mkdir()
    shutil.copy(tmp_path / "whole/iter_2.pth", half)
    assert call("train.py", config, "--work-dir", half, "--resume") == 0
    whole, resumed = (read_checkpoint(tmp_path / d / "iter_6.pth")["state_dict"] for d in ("whole", "half"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_two_phases_of_lite(data, tmp_path):
    phase_one = write(tmp_path / "one.py", data, train_cfg__max_epochs=1, train_dataloader__sampler__repeat=1)
    assert call("train.py", phase_one, "--work-dir", tmp_path / "one") == 0
    start = latest_checkpoint(tmp_path / "one")
    phase_two = write(
        tmp_path / "two.py", data, "inspro/inspro-lite_small_shapesvis-mini.py", train_cfg__max_epochs=1,
        load_from=str(start), model__key_interval=2,
    )  # fmt: skip
    assert call("train.py", phase_two, "--work-dir", tmp_path / "two") == 0
    before, after = (read_checkpoint(path)["state_dict"] for path in (start, latest_checkpoint(tmp_path / "two")))
    assert all(torch.equal(before[k], after[k]) for k in before)
    assert {k.split(".")[0] for k in after.keys() - before.keys()} == {"lite_stage", "lite_weights"}


@pytest.mark.parametrize(
    "name",
    [SMALL, "inspro/inspro-lite_small_shapesvis-mini.py", "inspro/inspro_small_no-propagation_shapesvis-mini.py"],
)
def test_test_and_stream(name, data, tmp_path):
    config = write(tmp_path / "inspro.py", data, name, model__visible_thr=0.0)
    checkpoint = tiny_checkpoint(tmp_path / "inspro.pth", tiny_config(data, name))
    out = tmp_path / "results.json"
    assert call("test.py", config, checkpoint, "--work-dir", tmp_path / "w", "--out", out) == 0
    assert {entry["video_id"] for entry in json.loads(out.read_text())} == {1, 2}
    video = next((data / "val/JPEGImages").iterdir())
    overlay = tmp_path / "overlay.mp4"
    assert call("infer_video.py", config, checkpoint, video, "--out", overlay, "--score-thr", 0) == 0
    assert json.loads(overlay.with_suffix(".json").read_text())["tracks"]


def test_boxes_alone(tmp_path):
    data = generate("tiny", tmp_path / "vid", layouts=["imagenet_vid"], workers=1) / "imagenet_vid"
    name = "inspro/inspro-vid_small_shapesvis-mini.py"
    config = write(tmp_path / "vid.py", data, name, train_cfg__max_epochs=1, train_cfg__val_interval=1)
    assert call("train.py", config, "--work-dir", tmp_path / "w") == 0
    checkpoint, out = latest_checkpoint(tmp_path / "w"), tmp_path / "results.json"
    options = ("--out", out, "--show-dir", tmp_path / "show", "--score-thr", 0, "--cfg-options", "model.visible_thr=0")
    assert call("test.py", config, checkpoint, "--work-dir", tmp_path / "w", *options) == 0
    entry = json.loads(out.read_text())[0]
    assert any(box is not None for box in entry["bboxes"])
    assert list((tmp_path / "show").glob("*.png"))
