"""The shapes of CVAT's XML: polygons, boxes, ellipses and masks."""

import math
from xml.etree.ElementTree import Element

from mmvis_ext.annotations.checks import MOST
from mmvis_ext.annotations.tolerance import Tolerance
from mmvis_ext.structures.rle import RLE
from mmvis_ext.utils.errors import InputError

from .shapes import patch_rle, polygon_rle, row_major_patch

__all__ = ["AREAS", "class_names", "mend_lines", "read_shape", "text_of", "whole"]

AREAS = ("box", "polygon", "mask")
"""Tags of the shapes that cover an area."""

LINES = ("polyline", "points", "skeleton", "cuboid", "ellipse")


def class_names(root: Element) -> list[str]:
    """Names of the task's labels, in their order."""
    names = (node.text for node in root.iterfind("meta/*/labels/label/name"))
    return [name.strip() for name in names if name and name.strip()]


def text_of(node: Element, key: str, where: str) -> str:
    """An attribute of an element, which must be there."""
    text = (node.get(key) or "").strip()
    if not text:
        raise InputError(f"{where}: <{node.tag}> has no '{key}'; export it from CVAT again.")
    return text


def number(text: str, what: str, where: str) -> float:
    """A number in an attribute."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -MOST <= value <= MOST:
        raise InputError(f"{where}: {what} is {text.strip()[:40]!r}, not a number; export it from CVAT again.")
    return value


def whole(node: Element, key: str, where: str) -> int:
    """A whole number from 0 in an attribute."""
    value = number(text_of(node, key, where), f"'{key}'", where)
    if value < 0 or value % 1:
        raise InputError(f"{where}: '{key}' is {value:g}, not a whole number from 0; export it from CVAT again.")
    return int(value)


def read_shape(node: Element, size: tuple[int, int], where: str) -> RLE | list[float] | None:
    """The mask of a ``<polygon>`` or ``<mask>``, or the box xyxy in pixels of a ``<box>``; see :func:`polygon_rle`.

    A box that is turned is a polygon.

    Args:
        node: one of :data:`AREAS`.
        size: (H, W) of the frame.
        where: names the shape in the error.

    Raises:
        InputError: numbers are missing, or the shape is none.
    """
    if node.tag == "polygon":
        pairs = [pair.split(",") for pair in text_of(node, "points", where).split(";")]
        if any(len(pair) != 2 for pair in pairs):
            raise InputError(f"{where}: the points of a polygon are 'x,y;x,y;...'; export it from CVAT again.")
        return polygon_rle([[number(value, "a coordinate", where) for value in pair] for pair in pairs], size, where)
    if node.tag == "mask":
        left, top, width, height = (whole(node, key, where) for key in ("left", "top", "width", "height"))
        if left + width > size[1] or top + height > size[0]:
            raise InputError(
                f"{where}: a mask of {width}x{height} pixels at ({left}, {top}) sticks out of the frame of "
                f"{size[1]}x{size[0]}; export it from CVAT again."
            )
        runs = [number(run, "a run of its mask", where) for run in text_of(node, "rle", where).split(",")]
        return patch_rle(row_major_patch(runs, height, width, where), left, top, size, where)
    box = [number(text_of(node, key, where), f"'{key}'", where) for key in ("xtl", "ytl", "xbr", "ybr")]
    turn = number(node.get("rotation") or "0", "'rotation'", where)
    return polygon_rle(_turned(box, turn), size, where) if turn % 360 else box


def _turned(box: list[float], degrees: float) -> list[tuple[float, float]]:
    """Corners of a box that is turned clockwise about its centre."""
    x1, y1, x2, y2 = box
    x, y, sin, cos = (x1 + x2) / 2, (y1 + y2) / 2, math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    corners = ((x1 - x, y1 - y), (x2 - x, y1 - y), (x2 - x, y2 - y), (x1 - x, y2 - y))
    return [(x + dx * cos - dy * sin, y + dx * sin + dy * cos) for dx, dy in corners]


def mend_lines(node: Element, where: str, tolerance: Tolerance) -> None:
    """Count, or refuse, the shapes of a track or an image that are no area of the frame."""
    for child in node:
        if child.tag in LINES:
            kind = "lines, points, ellipses and cuboids, which are left out"
            tolerance.mend(kind, where, f"{where}: <{child.tag}> is no polygon, box or mask; draw one, or remove it.")
