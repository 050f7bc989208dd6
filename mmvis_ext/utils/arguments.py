"""Types for the arguments of tools, with which argparse refuses what is out of range."""

import argparse
import math

__all__ = ["finite", "probability", "seconds", "seed"]


def finite(text: str) -> float:
    """A finite number.

    Raises:
        argparse.ArgumentTypeError: it is another one, such as ``nan``, or none.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is no finite number")
    return value


def seed(text: str) -> int:
    """A seed of all random generators, which NumPy's limits to 32 bits.

    Raises:
        argparse.ArgumentTypeError: it is another number, or none.
    """
    if not text.isdecimal() or not text.isascii() or len(text) > 10 or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 to {2**32 - 1}")
    return int(text)


def probability(text: str) -> float:
    """A number from 0 to 1.

    Raises:
        argparse.ArgumentTypeError: it is another one, or none.
    """
    value = finite(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not between 0 and 1")
    return value


def seconds(text: str) -> float:
    """A time in a video: seconds such as ``90`` or ``7.5``, or ``1:30`` or ``1:02:30``.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    parts = text.split(":")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = [math.nan]
    if len(parts) > 3 or not all(0 <= value < math.inf for value in values) or any(v >= 60 for v in values[1:]):
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write seconds such as 90, or 1:30")
    return sum(value * 60**power for power, value in enumerate(reversed(values)))
