"""Randomness that belongs to a sample and not to a process."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

__all__ = ["seeded"]


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Run a block under its own seed and put the process's random state back afterwards.

    What a sample draws then depends on its seed alone: not on the number of workers, nor on what was drawn before,
    nor on whether training was interrupted. ``None`` leaves everything as it is.
    """
    if seed is None:
        yield
        return
    states = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
