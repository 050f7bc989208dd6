"""How fast systems learn, from the logs of trainings."""

import json

import pytest

from mmvis_ext.engine.learning import LearningCurve, draw_learning, read_learning
from mmvis_ext.utils.errors import InputError


def train(step: int, time: float) -> dict:
    return dict(loss=1.0, time=time, step=step)


def val(epoch: int, ap: float) -> dict:
    return {"youtube_vis/AP": ap, "youtube_vis/APl": -1.0, "time": 9.0, "step": epoch}


def write(folder, *lines: dict, run: str = "20260101_000000"):
    path = folder / run / "vis_data/scalars.json"
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(map(json.dumps, lines)))
    return folder


def test_the_time_is_that_of_the_iterations_without_validations(tmp_path):
    # 10 iterations of 3 s, 10 of 6 s and 5 more, of which no line says how long they took, as the last ones
    work = write(tmp_path / "a", train(10, 3.0), val(1, 2.0), train(20, 6.0), val(2, 4.0), dict(val(25, 5.0)))
    curve = read_learning("x", [work], "AP")
    assert curve.minutes == pytest.approx((30 / 60, 90 / 60, 120 / 60))
    assert curve == LearningCurve("x", curve.minutes, (2.0, 4.0, 5.0))


def test_a_training_in_stages_takes_the_time_of_all_of_them(tmp_path):
    first = write(tmp_path / "a", train(10, 6.0))
    second = write(tmp_path / "b", train(20, 3.0), val(1, 7.0))
    assert read_learning("x", [first, second], "AP") == LearningCurve("x", (2.0,), (7.0,))


def test_a_resumed_training_counts_no_iteration_twice(tmp_path):
    work = write(tmp_path / "a", train(10, 6.0), train(20, 6.0), run="1")
    write(work, train(20, 3.0), val(2, 7.0), run="2")
    assert read_learning("x", [work], "AP").minutes == pytest.approx((1.5,))


def test_what_cannot_be_drawn_is_said(tmp_path):
    with pytest.raises(InputError, match="no work dir of a training"):
        read_learning("x", [tmp_path], "AP")
    work = write(tmp_path / "a", train(10, 6.0), val(1, 7.0))
    with pytest.raises(InputError, match="figure 'APl'; they have AP"):
        read_learning("x", [work], "APl")
    work = write(tmp_path / "b", train(10, 6.0))
    with pytest.raises(InputError, match="there is none"):
        read_learning("x", [work], "AP")


def test_trainings_of_one_system_have_one_colour_and_one_label():
    curves = [LearningCurve(name, (1.0, 2.0), (3.0, 4.0 + n)) for n, name in enumerate("aba")]
    (axis,) = draw_learning(curves, "AP").axes
    lines = axis.get_lines()
    assert [line.get_color() for line in lines] == ["C0", "C0", "C1"]
    assert [list(line.get_ydata()) for line in lines] == [[3.0, 4.0], [3.0, 6.0], [3.0, 5.0]]
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["a", "b"]
    assert axis.get_ylabel() == "AP"
