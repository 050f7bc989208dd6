"""The seconds of a run that was killed, and goes on later."""

import os

import pytest

from mmvis_ext.study import clock
from mmvis_ext.study.clock import Clock


class Time:
    now = 1000.0

    def time(self) -> float:
        return self.now


def test_parts_are_summed_without_the_pauses(tmp_path, monkeypatch):
    monkeypatch.setattr(clock, "time", time := Time())

    def writes(name: str) -> None:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        os.utime(path, (time.now, time.now))

    first = Clock(tmp_path)
    time.now += 50
    writes("train.log")  # the last sign of life
    assert first.seconds() == 50
    time.now += 10_000
    os.utime(tmp_path / clock.FILE, (1000, 1000))

    second = Clock(tmp_path)
    assert second.seconds() == pytest.approx(50)
    os.utime(tmp_path / clock.FILE, (time.now, time.now))
    time.now += 30
    writes("test/test.log")
    assert second.seconds() == pytest.approx(80)

    third = Clock(tmp_path)
    time.now += 5
    assert third.seconds() == pytest.approx(85)
