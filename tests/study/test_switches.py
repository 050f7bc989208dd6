"""A run of the study changes what its row of the papers' tables changes, and nothing else."""

from pathlib import Path

import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.registry import DefaultScope
from small_model import rectangles, video_sample

from mmvis_ext.registry import MODELS
from mmvis_ext.study.runs import read_runs
from mmvis_ext.testing import shrink

ROOT = Path(__file__).resolve().parents[2]
RUNS, LEFT_OUT = read_runs(ROOT / "configs/study/rows.yaml")
META = [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "configs").glob("*/metafile.yml"))]
SYSTEMS = {c["Name"]: c for meta in META for c in meta["Collections"] if "default" in c}
ROWS = {
    row["id"]: (row, model["In Collection"])
    for meta in META for model in meta["Models"] for row in model["paper_rows"]
    if row["id"] not in LEFT_OUT
}  # fmt: skip
RUN_OF = {row: run for run in RUNS.values() for row in run.rows}
# the study has other data and classes, one length for all epochs, and no mix of data sets where it has no images
ITS_OWN = {"data_root", "num_classes", "image_classes", "repeat", "depth"}
LENGTHS = {"clip_len", "bank_length", "key_interval"}  # the study has 4/9 of the papers', as its videos are shorter
LITE_FRAMES = ("clip_len", 5)  # a sample of InsPro-lite, whose length does not depend on that of videos
CLASSES = {"s5-ytvis"}
THRESHOLDS = {"i2d-tracking-by-detection": 0.2}  # the best one, to be fair to the comparison
TESTED_AS_THE_PAPER = {"srnet_wo-heatmap"}  # the full model, tested with an empty heatmap
ONLY_TESTED = [run for run in RUNS.values() if run.weights and run.name not in TESTED_AS_THE_PAPER]


def value_at(cfg: Config, place: str) -> object:
    node = cfg
    for part in place.split("."):
        if isinstance(node, list):
            node = node[int(part)] if int(part) < len(node) else None
        else:
            node = node.get(part) if isinstance(node, dict | Config) else None
    return list(node) if isinstance(node, tuple) else node


def config_of(row: str) -> Config:
    return Config.fromfile(RUN_OF[row].config)


def default_of(system: str) -> Config:
    return Config.fromfile(ROOT / f"configs/study/{SYSTEMS[system]['default'].split('_')[0]}.py")


@pytest.mark.parametrize("row", ROWS)
def test_the_switches_of_a_row(row):
    entry, system = ROWS[row]
    cfg, default = config_of(row), default_of(system)
    for name, places in SYSTEMS[system]["settings"].items():
        if name in ITS_OWN or (row in CLASSES and name == "train_data"):
            continue
        for place in [places] if isinstance(places, str) else places:
            expected = entry["changes"].get(name, value_at(default, place))
            if name == "visible_thr":
                expected = THRESHOLDS.get(row, expected)
            if name in LENGTHS & entry["changes"].keys() and (name, expected) != LITE_FRAMES:
                expected = max(1, round(expected * 4 / 9))
            if name == "batch_size" and entry["changes"].get("clip_len") == 9:
                expected *= 2  # as many frames in a step as with longer clips
            assert value_at(cfg, place) == expected, f"{name}: {place}"


@pytest.mark.parametrize("run", ONLY_TESTED, ids=lambda run: run.name)
def test_a_run_that_only_tests_would_have_learned_the_same(run):
    """Its model has the weights of the other run's, and in training the same loss."""
    losses = []
    for path in (run.config, RUNS[run.weights].config):
        cfg = Config.fromfile(path)
        clips = cfg.train_dataloader.dataset.clips
        length = clips.clip_len * clips.num_clips
        frames = (rectangles((0, 0, (10 + t, 12, 40 + t, 50)), size=(64, 96)) for t in range(length))
        torch.manual_seed(0)
        with DefaultScope.overwrite_default_scope("mmvis_ext"):
            model = MODELS.build(shrink(cfg.model))
        torch.manual_seed(1)
        for weight in model.parameters():
            torch.nn.init.normal_(weight, std=0.1)
        sample = video_sample(*frames, size=(64, 96), num_clips=clips.num_clips)
        losses.append(model.loss(torch.randn(1, length, 3, 64, 96), [sample]))
    assert losses[0].keys() == losses[1].keys()
    for name, value in losses[0].items():
        assert torch.equal(value, losses[1][name]), name
