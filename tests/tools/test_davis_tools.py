"""Testing on DAVIS' layout: PNGs where told, and the figures that the tool finds in them."""

import json
import subprocess

import pytest
import torch
from running import call, environment

from mmvis_ext.shapes_vis import LAYOUTS, generate
from mmvis_ext.testing import tiny_config, tiny_model


@pytest.fixture(scope="module")
def davis(tmp_path_factory):
    """ShapesVIS tiny in DAVIS' layout."""
    layouts = {name: LAYOUTS[name] for name in ("youtube_vis", "davis")}
    return generate("tiny", tmp_path_factory.mktemp("davis") / "tiny", layouts, workers=1) / "davis"


@pytest.fixture
def trained(davis, tmp_path):
    """A config and a checkpoint of one class."""
    kind = dict(type="DAVISUnsupervisedDataset", ann_file="ImageSets/2017/val.txt")
    kind["data_prefix"] = dict(img_path="JPEGImages/480p", ann_path="Annotations_unsupervised/480p")
    loaders = {f"{key}_dataloader__dataset__{k}": v for key in ("val", "test") for k, v in kind.items()}
    evaluators = {f"{key}_evaluator": dict(type="DAVISMetric") for key in ("val", "test")}
    cfg = tiny_config(davis, model__head__num_classes=1, **loaders, **evaluators)
    cfg.pop("custom_imports")
    cfg.dump(tmp_path / "davis.py")
    meta = dict(dataset_meta=dict(classes=("object",), categories=(dict(id=1, name="object"),)))
    torch.save(dict(state_dict=tiny_model(cfg).state_dict(), meta=meta), tmp_path / "tiny.pth")
    return tmp_path / "davis.py", tmp_path / "tiny.pth"


def names(davis):
    listed = (davis / "ImageSets/2017/val.txt").read_text().split()
    return {
        f"{path.parent.name}/{path.name}"
        for name in listed
        for path in (davis / "Annotations_unsupervised/480p" / name).iterdir()
    }


def contents(folder):
    return {f"{p.parent.name}/{p.name}": p.read_bytes() for p in folder.rglob("*.png")}


def test_test_writes_pngs_that_the_tool_judges_alike(davis, trained, tmp_path, capfd):
    out, work = tmp_path / "deep" / "out", tmp_path / "w"
    assert call("test.py", *trained, "--work-dir", work, "--out", out) == 0
    assert contents(out).keys() == names(davis)
    (log,) = work.glob("*/*.json")
    logged = json.loads(log.read_text())
    capfd.readouterr()
    listed = ("--list", davis / "ImageSets/2017/val.txt")
    assert call("eval_davis.py", davis, out, *listed, "--json", tmp_path / "figures.json") == 0
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert {k: v for k, v in logged.items() if k.startswith("davis/")} == pytest.approx(
        {f"davis/{k}": v for k, v in figures.items() if k != "sequences"}, abs=1e-3
    )
    assert figures["J&F"] > 0


def test_a_split_without_annotations(davis, trained, tmp_path):
    config, checkpoint = trained
    options = ("--cfg-options", f"test_dataloader.dataset.data_prefix.ann_path={tmp_path / 'none'}")
    arguments = ("--work-dir", tmp_path / "w", "--format-only", "--out", tmp_path / "out")
    assert call("test.py", config, checkpoint, *arguments, *options) == 0
    assert contents(tmp_path / "out").keys() == names(davis)


def test_a_folder_of_something_else_is_refused_before_the_test(trained, tmp_path, capfd):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/notes.txt").write_text("mine")
    assert call("test.py", *trained, "--work-dir", tmp_path / "w", "--out", tmp_path / "out") == 1
    assert "error: " in (err := capfd.readouterr().err)
    assert "holds 'notes.txt'" in err
    assert (tmp_path / "out/notes.txt").read_text() == "mine"


def test_a_metric_that_writes_nothing(trained, tmp_path, capfd):
    options = ("--cfg-options", "test_evaluator.type=mmdet.CocoMetric")
    assert call("test.py", *trained, "--work-dir", tmp_path / "w", "--out", tmp_path / "out", *options) == 1
    assert "has no metric in test_evaluator that writes results" in capfd.readouterr().err


@pytest.mark.slow
def test_two_processes_write_the_same_pngs_as_one(trained, tmp_path):
    assert call("test.py", *trained, "--work-dir", tmp_path / "one", "--out", tmp_path / "1") == 0
    arguments = ["bash", "tools/dist_test.sh", *trained, 2, "--work-dir", tmp_path / "two", "--out", tmp_path / "2"]
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, env=environment(), timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
