"""What objects look like: five shapes (the classes) and four patterns in two colours (independent of the class).

All functions take local coordinates ``u``, ``v``: float64 arrays of one shape, 1.0 being half the object's size.
"""

from dataclasses import dataclass

import numpy as np

from mmvis_ext.utils.dice import Dice

__all__ = ["BACKDROP", "CATEGORIES", "PATTERNS", "REACH", "SHAPES", "Look", "draw_look", "inside", "paint", "wear"]

SHAPES = ("disc", "square", "triangle", "star", "cross")

# As in real files, ids neither start at 1 nor follow each other, so a reader that takes labels for ids fails in tests.
CATEGORIES = tuple(
    {"id": number, "name": name, "supercategory": "shape"}
    for number, name in zip((2, 5, 7, 11, 13), SHAPES, strict=True)
)
"""The ``categories`` of every annotation file; the position is the label."""

PATTERNS = ("solid", "stripes", "checks", "dots")
BACKDROP = "backdrop"
"""The pattern of camouflaged objects: a piece of the background."""

REACH = 1.25
"""No shape reaches further from its centre than this many times half its size."""

COLOURS = (
    (230, 25, 60),
    (50, 190, 60),
    (255, 225, 0),
    (10, 80, 235),
    (255, 120, 0),
    (150, 20, 190),
    (0, 220, 230),
    (245, 40, 220),
)
SECOND_COLOURS = (*COLOURS, (255, 255, 255), (0, 0, 0))

# Unit normals of a triangle's three and a pentagram's five sides, written out so that all machines have the same bits.
TRIANGLE = ((0.0, 1.0), (0.8660254037844386, -0.5), (-0.8660254037844386, -0.5))
PENTAGRAM = (
    (0.0, 1.0),
    (0.9510565162951535, 0.30901699437494745),
    (-0.9510565162951535, 0.30901699437494745),
    (0.5877852522924731, -0.8090169943749475),
    (-0.5877852522924731, -0.8090169943749475),
)


@dataclass(frozen=True)
class Look:
    """How one object looks.

    Attributes:
        label: index into ``SHAPES``, the class.
        pattern: one of ``PATTERNS``, or ``BACKDROP``.
        colours: two RGB colours, 0..255.
        cells: stripes, checks or dots on half the object's size.
        origin: x and y of the place in the background, in pixels, whose surroundings a camouflaged object shows.
    """

    label: int
    pattern: str
    colours: tuple[tuple[int, int, int], tuple[int, int, int]]
    cells: float
    origin: tuple[int, int] = (0, 0)


def draw_look(dice: Dice, first_colour: int) -> Look:
    """A random look whose first colour is the given one (modulo the number of colours)."""
    first = COLOURS[first_colour % len(COLOURS)]
    second = dice.choice([c for c in SECOND_COLOURS if c != first])
    return Look(
        label=dice.integer(0, len(SHAPES) - 1),
        pattern=dice.choice(PATTERNS),
        colours=(first, second),
        cells=dice.choice((1.5, 2.0, 2.5)),
    )


def _sides_kept(u: np.ndarray, v: np.ndarray, normals: tuple, distance: float) -> np.ndarray:
    """How many of the half planes ``normal . p <= distance`` contain each point."""
    return sum((u * a + v * b <= distance).astype(np.int8) for a, b in normals)


def inside(label: int, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Which points belong to a shape.

    Args:
        label: number of the shape, from 0.
        u: (...) horizontal coordinates of the points, in units of the shape's radius from its centre.
        v: (...) vertical coordinates, as ``u``.

    Returns:
        (...) bool.
    """
    shape = SHAPES[label]
    if shape == "disc":
        return u * u + v * v <= 1.0
    if shape == "square":
        return (np.abs(u) <= 0.85) & (np.abs(v) <= 0.85)
    if shape == "triangle":
        return _sides_kept(u, v, TRIANGLE, 0.6) == 3
    if shape == "star":
        # A point of a pentagram lies beyond at most one of its five sides.
        return _sides_kept(u, v, PENTAGRAM, 0.38) >= 4
    u, v = np.abs(u), np.abs(v)
    return (np.minimum(u, v) <= 0.34) & (np.maximum(u, v) <= 1.0)


def paint(look: Look, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Colours of the points, (..., 3) uint8."""
    first, second = np.array(look.colours, dtype=np.uint8)
    if look.pattern == "solid":
        return np.broadcast_to(first, (*u.shape, 3))
    a, b = u * look.cells, v * look.cells
    if look.pattern == "stripes":
        other = np.floor(a).astype(np.int64) % 2 == 1
    elif look.pattern == "checks":
        other = (np.floor(a) + np.floor(b)).astype(np.int64) % 2 == 1
    else:
        a, b = a - np.floor(a) - 0.5, b - np.floor(b) - 0.5
        other = a * a + b * b <= 0.1
    return np.where(other[..., None], second, first)


def wear(look: Look, canvas: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Colours of the points of a camouflaged object, (..., 3) uint8.

    Args:
        look: its look.
        canvas: (H, W, 3) uint8, the repeating background.
        x: (...) int64, right of the object's centre along its own axis, in pixels of its first size.
        y: (...) likewise, below it.
    """
    return canvas[(y + look.origin[1]) % canvas.shape[0], (x + look.origin[0]) % canvas.shape[1]]
