"""The picture of a training's curves, from logs of every kind."""

import json
from types import SimpleNamespace

import cv2
import pytest

from mmvis_ext.engine import CurvesHook, curves
from mmvis_ext.engine.curves import draw_curves, read_scalars


def train(step: int, loss: float) -> dict:
    return dict(lr=0.1 / step, loss=loss, time=0.2, data_time=0.1, epoch=1, iter=step, step=step)


def val(step: int, ap: float) -> dict:
    return {"v/AP": ap, "v/APl": -1.0, "time": 0.2, "data_time": 0.1, "step": step}


def write(path, *lines: dict | str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


def test_a_resumed_run_takes_over_from_its_first_line_on(tmp_path):
    first = write(tmp_path / "a", train(1, 9.0), train(2, 8.0), val(2, 3.0), train(3, 7.0), val(3, 4.0))
    second = write(tmp_path / "b", train(3, 6.0), train(4, 5.0))
    third = write(tmp_path / "c")
    assert read_scalars([first, second, third]) == [
        train(1, 9.0),
        train(2, 8.0),
        val(2, 3.0),
        train(3, 6.0),
        train(4, 5),
    ]


def test_a_validation_that_was_logged_by_its_epoch_stands_where_it_was_made(tmp_path):
    log = write(tmp_path / "a", train(20, 9.0), val(1, 3.0), train(40, 8.0), val(2, 4.0))
    assert [line["step"] for line in read_scalars([log])] == [20, 20, 40, 40]


def test_what_is_no_line_of_numbers_is_left_out(tmp_path):
    odd = '{"step": "x", "lr": [1], "loss": 3, "flag": true}'
    log = write(tmp_path / "a", train(1, 9.0), "[1]", "no", "", odd, '{"loss": 2.5, "ste')
    assert read_scalars([log]) == [train(1, 9.0), dict(step=1, loss=3)]


def points(axis) -> dict:
    return {line.get_label(): list(zip(*line.get_data(), strict=True)) for line in axis.get_lines()}


def test_each_kind_of_value_has_its_panel():
    loss, rate, figures = draw_curves([train(1, 9.0), train(2, 8.0), val(2, 3.0), train(4, 7.0), val(4, 5.0)]).axes
    assert points(loss) == dict(loss=[(1, 9.0), (2, 8.0), (4, 7.0)])
    assert points(rate) == dict(lr=[(1, 0.1), (2, 0.05), (4, 0.025)])
    assert points(figures) == {"v/AP": [(2, 3.0), (4, 5.0)]}
    assert [axis.get_ylabel() for axis in (loss, rate, figures)] == ["loss", "learning rate", "validation"]


def test_panels_without_values_are_left_out_and_figures_are_at_most_six():
    many = {f"v/{i}": float(i) for i in range(9)}
    (figures,) = draw_curves([many | dict(step=3)]).axes
    assert points(figures) == {f"v/{i}": [(3, float(i))] for i in range(6)}


@pytest.fixture
def run(tmp_path):
    """A run in the folder ``now``, and the log of an earlier one."""
    write(tmp_path / "earlier" / curves.SCALARS, train(1, 9.0), train(2, 8.0), train(3, 7.0))
    write(tmp_path / "now" / curves.SCALARS, train(3, 6.0), val(3, 2.0))
    return SimpleNamespace(work_dir=str(tmp_path), log_dir=str(tmp_path / "now"), _resume=True)


def drawn(monkeypatch) -> list:
    """Collects the lines that are drawn."""
    seen = []
    monkeypatch.setattr(curves, "draw_curves", lambda lines: seen.append(lines) or draw_curves(lines))
    return seen


@pytest.mark.parametrize("resume", [True, False])
def test_only_a_resumed_training_has_earlier_runs(run, resume, monkeypatch):
    seen, hook = drawn(monkeypatch), CurvesHook()
    run._resume = resume
    hook.before_train(run)
    for moment in (hook.after_train_epoch, hook.after_val_epoch, hook.after_train):
        moment(run)
    assert seen == [[*([train(1, 9.0), train(2, 8.0)] if resume else []), train(3, 6.0), val(3, 2.0)]] * 3


def test_the_picture_lies_beside_the_log(run, tmp_path):
    hook = CurvesHook()
    hook.before_train(run)
    hook.after_train(run)
    picture = cv2.imread(str(tmp_path / "now/curves.png"))
    assert picture.shape[1] == 700
    assert (picture < 128).any(-1).mean() > 0.002, "the picture is empty"


@pytest.mark.parametrize("content", [None, ""])
def test_without_a_line_nothing_is_drawn(run, content, tmp_path, log):
    path = tmp_path / "now" / curves.SCALARS
    path.unlink() if content is None else path.write_text(content)
    run._resume = False
    hook = CurvesHook()
    hook.before_train(run)
    hook.after_train(run)
    assert not (tmp_path / "now/curves.png").exists()
    assert "curves" not in log.text


def test_a_picture_that_fails_is_a_warning(run, tmp_path, log):
    (tmp_path / "now/curves.png").mkdir()
    hook = CurvesHook()
    hook.before_train(run)
    hook.after_train(run)
    (line,) = [r for r in log.records if "curves" in r.getMessage()]
    assert line.levelname == "WARNING"
    assert line.getMessage().endswith("; the training goes on without them.")


def test_a_log_that_is_a_folder_is_a_warning(run, tmp_path, log):
    path = tmp_path / "now" / curves.SCALARS
    path.unlink()
    path.mkdir()
    hook = CurvesHook()
    hook.before_train(run)
    hook.after_train(run)
    assert "it is a folder" in log.text
