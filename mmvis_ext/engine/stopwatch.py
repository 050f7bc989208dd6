"""Where the time of a run goes."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

__all__ = ["Stopwatch"]

Item = TypeVar("Item")


class Stopwatch:
    """Adds up the seconds of named activities, which must not overlap.

    Attributes:
        seconds: of each activity so far, in the order of their first start.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.begun = time.perf_counter()

    @contextmanager
    def time(self, activity: str) -> Iterator[None]:
        """Count the block's time, also if it raises."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[activity] = self.seconds.get(activity, 0.0) + time.perf_counter() - begun

    def waits(self, activity: str, items: Iterable[Item]) -> Iterator[Item]:
        """The items; the time that each is waited for counts, and that in which it is used does not."""
        iterator = iter(items)
        while True:
            with self.time(activity):
                try:
                    item = next(iterator)
                except StopIteration:
                    return
            yield item

    def shares(self) -> str:
        """The time since the watch was made and the activities' shares of it, for a log."""
        whole = time.perf_counter() - self.begun
        parts = self.seconds | {"other": max(0.0, whole - sum(self.seconds.values()))}
        return f"{whole:.1f} s: " + ", ".join(f"{name} {value / whole:.1%}" for name, value in parts.items())
