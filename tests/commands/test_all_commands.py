"""One small model goes through all commands."""

import json

import pytest
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.runner import CheckpointLoader
from mmengine.visualization import Visualizer

from mmvis_ext.testing import tiny_config


@pytest.fixture
def does(mmvis, monkeypatch):
    """Runs a command, which must end well; returns what it printed on stdout."""
    # training and test refuse pickles from then on, in this process too: undone when the test ends
    monkeypatch.setenv("TORCH_FORCE_WEIGHTS_ONLY_LOAD", "0")
    monkeypatch.setattr(CheckpointLoader, "_schemes", CheckpointLoader._schemes.copy())

    def run(*arguments: object) -> str:
        for manager in (MMLogger, MessageHub, DefaultScope, Visualizer):
            manager._instance_dict.clear()  # a run's loggers hold on to the streams of its test
        code, out, err = mmvis(*arguments)
        assert code == 0, err
        return out

    return run


@pytest.mark.slow
def test_the_whole_way(does, tmp_path):
    does("shapes", "--preset", "tiny", "--out", tmp_path / "tiny", "--workers", 1)
    data, config, work = tmp_path / "tiny/youtube_vis", tmp_path / "tiny.py", tmp_path / "work"
    cfg = tiny_config(data, train_cfg__max_epochs=1)
    cfg.pop("custom_imports")
    cfg.dump(config)
    does("train", config, "--work-dir", work)
    checkpoint, results = work / "epoch_1.pth", tmp_path / "results.zip"
    does("test", config, checkpoint, "--work-dir", work, "--out", results)
    assert "AP50" in json.loads(does("eval", "youtube-vis", data / "val.json", results, "--json"))

    frames = next((data / "val/JPEGImages").iterdir())
    assert "o.mp4" in does("infer", config, checkpoint, frames, "--out", tmp_path / "o.mp4", "--device", "cpu")
    assert (tmp_path / "o.mp4").stat().st_size > 0
    does("browse", config, "--out", tmp_path / "pictures", "--num", 1)
    assert len(list((tmp_path / "pictures").glob("*.png"))) == 1

    assert "frames" in does("convert", "coco-vid", data / "val.json", "--out", tmp_path / "coco.json", "--workers", 1)
    parts = ("--out-train", tmp_path / "a.json", "--out-val", tmp_path / "b.json", "--fraction", 0.5)
    assert "videos in train" in does("convert", "split", data / "train.json", *parts)
    assert " MB" in does("publish", checkpoint, tmp_path / "small.pth")
    exported = ("--out", tmp_path / "small.pt", "--format", "torchscript", "--size", "64x48")
    assert "largest difference" in does("export", config, checkpoint, *exported)

    swept = does("sweep", config, checkpoint, "model.visible_thr", "0", "1", "--work-dir", tmp_path / "sweep")
    assert "model.visible_thr" in swept
    small = ("--size", "60x40")
    assert "backbone" in does("flops", config, *small)
    figures = json.loads(does("benchmark", config, *small, "--repeat", 1, "--warmup", 0, "--json", "-"))
    assert figures["fps"]["step"] > 0
    streams = json.loads(does("benchmark", config, *small, "--long", 6, "--json", "-"))
    assert streams["long"]["frames"] == 6
