"""Sweeping one setting over one checkpoint."""

import json
import runpy

from running import TOOLS, call

from mmvis_ext.testing import tiny_checkpoint, tiny_config

SWEEP = "analysis_tools/sweep.py"


def test_figures_of_every_value_and_the_best(data, write_config, tmp_path, capsys):
    checkpoint = tiny_checkpoint(tmp_path / "tiny.pth", tiny_config(data))
    out = tmp_path / "new" / "sweep.json"
    options = ("--work-dir", tmp_path / "w", "--json", out)
    assert call(SWEEP, write_config(data), checkpoint, "model.visible_thr", "0", "1", *options) == 0
    found = json.loads(out.read_text())
    assert [row["value"] for row in found["rows"]] == [0, 1]
    assert found["rows"][1]["AP"] == 0, "no slot is visible"
    assert found["best"] == max(found["rows"], key=lambda row: row["AP"])["value"]
    assert "model.visible_thr" in capsys.readouterr().out


def test_checkpoints_of_several_seeds_give_means(data, write_config, tmp_path, capsys):
    paths = [tiny_checkpoint(tmp_path / f"{seed}.pth", tiny_config(data), seed) for seed in (0, 1)]
    options = ("--also", paths[1], "--work-dir", tmp_path / "w")
    assert call(SWEEP, write_config(data), paths[0], "model.score_reduction", "max", *options) == 0
    assert "AP from - to" in capsys.readouterr().out
    mean_figures = runpy.run_path(str(TOOLS / SWEEP))["mean_figures"]
    found = mean_figures([dict(AP=30.0, AR1=10.0), dict(AP=36.0, AR1=20.0), dict(AP=33.0, AR1=0.0)])
    assert found == dict(AP=33.0, AR1=10.0, AP_low=30.0, AP_high=36.0)
    assert call(SWEEP, write_config(data), paths[0], "model.score_reduction", "max", "--also", "no.pth") == 1
    assert "no.pth" in capsys.readouterr().err


def test_bad_input(data, write_config, tmp_path, capsys):
    config = write_config(data)
    checkpoint = tiny_checkpoint(tmp_path / "tiny.pth", tiny_config(data))
    options = ("--work-dir", tmp_path / "w")
    assert call(SWEEP, config, checkpoint, "model.linkr.min_affinity", "1", *options) == 1
    assert "has no setting model.linkr.min_affinity" in capsys.readouterr().err
    assert call(SWEEP, config, tmp_path / "no.pth", "model.visible_thr", "1", *options) == 1
    assert "no.pth" in capsys.readouterr().err

    official = json.loads((data / "val.json").read_text())
    del official["annotations"]
    (tmp_path / "test.json").write_text(json.dumps(official))
    unannotated = ("--cfg-options", f"test_dataloader.dataset.ann_file={tmp_path / 'test.json'}")
    assert call(SWEEP, config, checkpoint, "model.visible_thr", "1", *options, *unannotated) == 1
    assert "no annotations" in capsys.readouterr().err
