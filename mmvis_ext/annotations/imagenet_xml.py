"""Reads an XML file of ImageNet VID or DET: the boxes of one frame."""

import math
from typing import NamedTuple
from xml.etree import ElementTree

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import read_file

from .checks import MAX_SIDE
from .tolerance import Tolerance
from .xml_file import parse_xml

__all__ = ["XMLFrame", "XMLObject", "read_xml"]


class XMLObject(NamedTuple):
    """One object of a frame: its wnid, its track id (``None`` where the file has none), its box xyxy in pixels."""

    wnid: str
    track: int | None
    box: list[float]


class XMLFrame(NamedTuple):
    """Size in pixels and objects of one frame."""

    height: int
    width: int
    objects: list[XMLObject]


def read_xml(path: str, tolerance: Tolerance) -> XMLFrame:
    """Read one XML file.

    A box reaches from ``xmin`` to ``xmax`` and from ``ymin`` to ``ymax``, so its width is ``xmax - xmin``; a side below
    one pixel becomes one pixel. What lies outside the frame is cut off.

    Args:
        path: of the file.
        tolerance: counts, or refuses, boxes that are turned over, whose ends are swapped, and boxes outside the frame,
            whose objects are left out.

    Raises:
        InputError: the file is missing, not XML or not an annotation of ImageNet; its size or an object's class or box
            is missing.
    """
    try:
        content = read_file(path)
    except FileNotFoundError:
        raise InputError(
            f"{path}: the annotation is missing; check data_prefix.ann_path and the image-set list, or fetch it again."
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions.") from None
    root = parse_xml(content, path)
    if root.tag != "annotation":
        raise InputError(
            f"{path}: starts with <{root.tag}>, not <annotation>; give the XML files of ImageNet VID or DET."
        )
    width, height = (_number(root, f"size/{side}", path) for side in ("width", "height"))
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE) or width % 1 or height % 1:
        raise InputError(f"{path}: the size {width:g}x{height:g} must be 1 to {MAX_SIDE} whole pixels; correct it.")
    objects = [_read_object(node, width, height, path, tolerance) for node in root.iterfind("object")]
    return XMLFrame(int(height), int(width), [found for found in objects if found is not None])


def _read_object(
    node: ElementTree.Element, width: float, height: float, path: str, tolerance: Tolerance
) -> XMLObject | None:
    """An object; ``None`` for one outside the frame."""
    wnid = (node.findtext("name") or "").strip()
    if not wnid:
        raise InputError(f"{path}: an <object> has no <name>; write its wnid there.")
    track = _number(node, "trackid", path) if node.find("trackid") is not None else None
    if track is not None and (track % 1 or not 0 <= track < 2**31):
        raise InputError(
            f"{path}: the <trackid> {track:g} must be a whole number from 0 that fits 32 bits; renumber it."
        )
    x1, y1, x2, y2 = (_number(node, f"bndbox/{end}", path) for end in ("xmin", "ymin", "xmax", "ymax"))
    refusal = (
        f"{path}: the box from ({x1:g}, {y1:g}) to ({x2:g}, {y2:g}) of a {wnid} is turned over or outside the frame of "
        f"{width:g}x{height:g} pixels; correct the box or remove the object."
    )
    if x1 > x2 or y1 > y2:
        tolerance.mend("boxes that are turned over, whose ends are swapped", path, refusal)
        x1, x2, y1, y2 = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
    right, bottom = max(x2, x1 + 1), max(y2, y1 + 1)
    if not (x1 < width and y1 < height and right > 0 and bottom > 0):
        tolerance.mend("boxes outside the frame, which are left out", path, refusal)
        return None
    box = [max(x1, 0.0), max(y1, 0.0), min(right, width), min(bottom, height)]
    return XMLObject(wnid, None if track is None else int(track), box)


def _number(node: ElementTree.Element, where: str, path: str) -> float:
    text = node.findtext(where)
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        state = "is missing" if text is None else f"is {text.strip()[:40]!r}, not a number"
        raise InputError(f"{path}: <{where.replace('/', '><')}> {state}; write a number there.")
    return value
