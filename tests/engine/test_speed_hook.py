"""Frames per second of a test, without the first window and the time between windows."""

import json
from types import SimpleNamespace

import pytest

from mmvis_ext.engine import SpeedHook, speed_hook


class Clock:
    now = 10.0

    def perf_counter(self) -> float:
        return self.now


def test_steps_alone_are_timed(tmp_path, monkeypatch):
    monkeypatch.setattr(speed_hook, "time", clock := Clock())
    hook, runner = SpeedHook(), SimpleNamespace(work_dir=str(tmp_path))
    for windows, seconds in ([(4, 9.0), (4, 2.0), (2, 1.0)], 3.0), ([(4, 2.0)], 2.0):
        hook.before_test(runner)
        for index, (frames, takes) in enumerate(windows):
            batch = dict(inputs=[[None] * frames])
            clock.now += 100  # the loader
            hook.before_test_iter(runner, index, batch)
            clock.now += takes
            hook.after_test_iter(runner, index, batch)
        hook.after_test(runner)
        speed = json.loads((tmp_path / "speed.json").read_text())
        number = sum(frames for frames, _ in windows[1:] or windows)
        assert (speed["frames"], speed["seconds"]) == (number, pytest.approx(seconds))
        assert speed["FPS"] == pytest.approx(number / seconds)


def test_no_window_no_file(tmp_path):
    hook, runner = SpeedHook(), SimpleNamespace(work_dir=str(tmp_path))
    hook.before_test(runner)
    hook.after_test(runner)
    assert not list(tmp_path.iterdir())
