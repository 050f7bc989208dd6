"""Random draws and angles that are the same on every machine."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

__all__ = ["COS", "SIN", "TRIG_ONE", "TURN", "Dice"]

Item = TypeVar("Item")

TURN = 4096
"""Angles are integers: this many steps make a full turn."""

TRIG_ONE = 1 << 14
"""What the integer tables ``COS`` and ``SIN`` hold for 1.0."""

# The only calls of the C library's mathematics. Its last digit may differ between machines, so the results are rounded.
COS = np.rint(np.cos(np.arange(TURN) * (2 * np.pi / TURN)) * TRIG_ONE).astype(np.int64)
SIN = np.rint(np.sin(np.arange(TURN) * (2 * np.pi / TURN)) * TRIG_ONE).astype(np.int64)


class Dice:
    """Draws from PCG64's raw 64-bit stream.

    numpy promises that a bit generator's stream never changes, but not what ``Generator`` makes of it; the few
    distributions needed here are therefore made from the raw bits with plain Python arithmetic.

    Args:
        key: non-negative integers that name the stream. Give all keys of one purpose the same length.
    """

    def __init__(self, *key: int) -> None:
        self.key = key
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def child(self, *key: int) -> "Dice":
        """A new stream that does not depend on what has been drawn from this one."""
        return Dice(*self.key, *key)

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A float in [low, high)."""
        return low + (high - low) * ((self._bits.random_raw() >> 11) * 2.0**-53)

    def integer(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + self._bits.random_raw() % (high - low + 1)

    def chance(self, probability: float) -> bool:
        """True with a probability in 0..1."""
        return self.uniform() < probability

    def choice(self, items: Sequence[Item]) -> Item:
        """One of the items, each equally likely; ``items`` must not be empty."""
        return items[self.integer(0, len(items) - 1)]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """The items in random order; they are not changed."""
        out = list(items)
        for i in range(len(out) - 1, 0, -1):
            j = self.integer(0, i)
            out[i], out[j] = out[j], out[i]
        return out

    def octets(self, height: int, width: int) -> np.ndarray:
        """(height, width) int64 in 0..255."""
        return (self._bits.random_raw(height * width) >> np.uint64(56)).astype(np.int64).reshape(height, width)
