"""Cells from the frames to the challenge's figures: training, testing, results where told, and a folder of TIFFs."""

import json

import numpy as np
import pytest
import torch
from running import call
from small_cells import LENGTH

from mmvis_ext.annotations.tif import read_labels
from mmvis_ext.testing import tiny_config, tiny_model

FRAMES = (2, LENGTH)  # to test; the ones before are to train


def config_of(cells, tmp_path, name="inspro/inspro_small_cells.py"):
    """A config that is small enough, as a file."""
    settings = {f"{key}_dataloader__dataset__border": 3 for key in ("train", "val", "test")}
    settings |= {f"{key}_dataloader__dataset__frames": FRAMES for key in ("val", "test")}
    settings |= {f"{key}_evaluator__min_score": 0.0 for key in ("val", "test")}
    settings |= dict(train_dataloader__dataset__frames=(0, 3), train_dataloader__sampler__repeat=2)
    settings |= dict(train_cfg__max_epochs=1, train_cfg__val_interval=1)
    cfg = tiny_config(cells.root, name, **settings)
    cfg.pop("custom_imports", None)
    cfg.dump(tmp_path / "cells.py")
    return tmp_path / "cells.py", cfg


@pytest.fixture
def trained(cells, tmp_path):
    """A config and a checkpoint."""
    path, cfg = config_of(cells, tmp_path)
    meta = dict(dataset_meta=dict(classes=("cell",), categories=(dict(id=1, name="cell"),)))
    torch.save(dict(state_dict=tiny_model(cfg).state_dict(), meta=meta), tmp_path / "tiny.pth")
    return path, tmp_path / "tiny.pth"


@pytest.mark.parametrize("name", ["inspro/inspro_small_cells.py", "srnet/srnet_small_cells.py"])
def test_training_and_validation(cells, tmp_path, name):
    pytest.importorskip("ctc_metrics", reason="py-ctcmetrics is not installed")
    path, _ = config_of(cells, tmp_path, name)
    assert call("train.py", path, "--work-dir", tmp_path / "w", "--cfg-options", "default_hooks.logger.interval=1") == 0
    assert (tmp_path / "w/epoch_1.pth").exists()
    (log,) = tmp_path.glob("w/*/vis_data/scalars.json")
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert np.isfinite([row["loss"] for row in rows if "loss" in row]).all()
    assert {"ctc/DET", "ctc/SEG", "ctc/SEG_ST", "ctc/TRA"} <= rows[-1].keys()


def test_test_writes_results_that_the_tool_judges_alike(cells, trained, tmp_path, capfd):
    pytest.importorskip("ctc_metrics", reason="py-ctcmetrics is not installed")
    out, work = tmp_path / "deep" / "out", tmp_path / "w"
    assert call("test.py", *trained, "--work-dir", work, "--out", out, "--show-dir", tmp_path / "pictures") == 0
    assert len(list((tmp_path / "pictures").rglob("*.mp4"))) == 1
    (log,) = work.glob("*/*.json")
    logged = json.loads(log.read_text())
    capfd.readouterr()
    folders = out / "01_RES", cells.root / "01_GT"
    assert call("eval_ctc.py", *folders, "--frames", *FRAMES, "--json", tmp_path / "a.json") == 0
    figures = json.loads((tmp_path / "a.json").read_text())
    assert {k: v for k, v in logged.items() if k.startswith("ctc/")} == pytest.approx(
        {f"ctc/{name}": value for name, value in figures.items()}, abs=1e-4
    )
    assert any(read_labels(path).any() for path in folders[0].glob("*.tif")), "random weights find something"


def test_a_sequence_without_truth_is_written(trained, tmp_path):
    options = ("--cfg-options", "test_dataloader.dataset.sequences=[02]", "test_dataloader.dataset.frames=None")
    out = tmp_path / "out"
    assert call("test.py", *trained, "--work-dir", tmp_path / "w", "--format-only", "--out", out, *options) == 0
    names = sorted(path.name for path in (out / "02_RES").iterdir())
    assert names == [*(f"mask{t:03d}.tif" for t in range(LENGTH)), "res_track.txt"]


def test_the_data_is_no_place_for_results(cells, trained, tmp_path, capfd):
    before = sorted(cells.root.rglob("*"))
    assert call("test.py", *trained, "--work-dir", tmp_path / "w", "--out", cells.root) == 1
    assert "which is no result of the Cell Tracking Challenge and would be lost" in capfd.readouterr().err
    assert sorted(cells.root.rglob("*")) == before


def test_a_folder_of_tiffs_is_a_video(cells, trained, tmp_path, capfd):
    assert call("infer_video.py", *trained, cells.root / "01", "--out", tmp_path / "a.mp4", "--device", "cpu") == 0
    assert f"{LENGTH} frames in" in capfd.readouterr().out
