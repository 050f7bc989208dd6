"""The textured background: a muted, smooth canvas that repeats, so that the camera can pan over it for ever."""

import numpy as np

from mmvis_ext.utils.dice import Dice

__all__ = ["backdrop", "crop"]

OCTAVES = ((32, 5), (16, 3), (4, 2))
"""(cell in pixels, weight) of each octave of noise."""

MUTED = 26
"""How far a channel may differ from the grey level: little, so that the saturated objects stand out."""


def _octave(dice: Dice, height: int, width: int, cell: int) -> np.ndarray:
    """(height, width) value noise, 0..255, periodic.

    It sums short binary fractions, which floats hold exactly, so every machine computes the same.
    """
    lattice = dice.octets(height // cell, width // cell).astype(np.float64)
    k = np.arange(cell, dtype=np.float64) / cell
    ramp = k * k * (3.0 - 2.0 * k)
    for axis in (0, 1):
        after = np.roll(lattice, -1, axis=axis)
        weight = np.tile(ramp, lattice.shape[axis])
        weight = weight[:, None] if axis == 0 else weight
        lattice = np.repeat(lattice, cell, axis=axis) * (1.0 - weight) + np.repeat(after, cell, axis=axis) * weight
    return lattice


def backdrop(dice: Dice, height: int, width: int) -> np.ndarray:
    """A repeating canvas of at least twice the frame's size.

    Returns:
        (H', W', 3) uint8 RGB.
    """
    cell = OCTAVES[0][0]
    height, width = -(-2 * height // cell) * cell, -(-2 * width // cell) * cell
    noise = np.zeros((height, width))
    for cell, weight in OCTAVES:
        noise += weight * _octave(dice, height, width, cell)
    level = (noise / sum(weight for _, weight in OCTAVES)).astype(np.int64)
    middle, swing = dice.integer(80, 175), dice.integer(35, 65)
    ends = [[grey + dice.integer(-MUTED, MUTED) for _ in range(3)] for grey in (middle - swing, middle + swing)]
    dark, light = np.array(ends)
    return (dark + (light - dark) * level[..., None] // 255).astype(np.uint8)


def crop(canvas: np.ndarray, left: int, top: int, height: int, width: int) -> np.ndarray:
    """A window of the repeating canvas, (height, width, 3) uint8, a copy; ``left`` and ``top`` may be any integers."""
    rows = (np.arange(height) + top) % canvas.shape[0]
    columns = (np.arange(width) + left) % canvas.shape[1]
    return canvas[rows[:, None], columns]
