"""Types for the arguments of tools, with which argparse refuses what is out of range."""

import argparse
import math

__all__ = ["finite", "seed"]


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
