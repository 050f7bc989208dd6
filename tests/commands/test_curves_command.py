"""Drawing how fast systems learn."""

import json

import cv2
import pytest


def test_the_command_prints_and_draws(mmvis, tmp_path):
    log = tmp_path / "a/20260101_000000/vis_data/scalars.json"
    log.parent.mkdir(parents=True)
    lines = [dict(loss=1.0, time=6.0, step=10), {"youtube_vis/AP": 7.0, "step": 1}]
    log.write_text("\n".join(map(json.dumps, lines)))
    code, out, _ = mmvis("curves", f"SRNet={tmp_path / 'a'}", "--out", tmp_path / "c.png")
    assert code == 0
    assert "| SRNet  | 1.0     | 7.0 |" in out
    assert cv2.imread(str(tmp_path / "c.png")).shape[2] == 3


def test_a_folder_without_a_log_is_named(mmvis, tmp_path):
    code, _, err = mmvis("curves", f"a={tmp_path}", "--out", tmp_path / "c.png")
    assert code != 0
    assert "is no work dir of a training" in err
    assert not (tmp_path / "c.png").exists()


@pytest.mark.parametrize("text", ["work", "=work", "a=", "a=b,,c"])
def test_a_training_without_name_or_folder_is_refused(mmvis, tmp_path, text):
    code, _, err = mmvis("curves", text, "--out", tmp_path / "c.png")
    assert code != 0
    assert f"{text}: is no training; write NAME=DIR" in err
