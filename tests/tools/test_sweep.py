"""Sweeping one setting over one checkpoint."""

import json

from running import call

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
    config = write_config(data, model__visible_thr=0.0)
    found = {}
    for name, files in (("0", paths[:1]), ("1", paths[1:]), ("both", paths)):
        options = (*(("--also", *files[1:]) if files[1:] else ()), "--work-dir", tmp_path / "w")
        out = tmp_path / f"{name}.json"
        assert call(SWEEP, config, files[0], "model.score_reduction", "max", *options, "--json", out) == 0
        (found[name],) = json.loads(out.read_text())["rows"]
    assert found["0"]["AR100"] != found["1"]["AR100"]
    for figure in ("AP", "AP50", "AR100"):
        assert found["both"][figure] == (found["0"][figure] + found["1"][figure]) / 2
    assert found["both"]["AP_low"] == min(found["0"]["AP"], found["1"]["AP"])
    assert "AP from - to" in capsys.readouterr().out


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
