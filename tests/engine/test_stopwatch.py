"""The stopwatch counts each activity's own time, and nothing twice."""

import time
from collections.abc import Iterator

import pytest

from mmvis_ext.engine.stopwatch import Stopwatch


@pytest.fixture
def wait(monkeypatch):
    """Lets time pass without waiting."""
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    def pass_time(seconds: float) -> None:
        now[0] += seconds

    return pass_time


def test_activities_add_up_and_the_rest_is_other(wait):
    watch = Stopwatch()
    for _ in range(2):
        with watch.time("model"):
            wait(3)
        wait(1)
    with watch.time("figures"):
        wait(2)
    assert watch.seconds == dict(model=6, figures=2)
    assert watch.shares() == "10.0 s: model 60.0%, figures 20.0%, other 20.0%"


def test_waiting_for_items_is_not_their_use(wait):
    def slow_items() -> Iterator[int]:
        for item in range(3):
            wait(1)
            yield item
        wait(0.5)  # finding that there are no more

    watch, seen = Stopwatch(), []
    for item in watch.waits("frames", slow_items()):
        wait(10)
        seen.append(item)
    assert seen == [0, 1, 2]
    assert watch.seconds == dict(frames=3.5)


def test_a_failure_counts_and_passes_on(wait):
    def broken() -> Iterator[int]:
        wait(2)
        raise OSError("gone")
        yield 0

    watch = Stopwatch()
    with pytest.raises(OSError, match="gone"):
        list(watch.waits("frames", broken()))
    assert watch.seconds == dict(frames=2)
