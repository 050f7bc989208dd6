"""Folders of labelme: a JSON file per frame, with polygons, rectangles, circles and masks.

https://github.com/wkentaro/labelme
"""

import base64
import binascii
import math
import posixpath
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mmvis_ext.annotations.checks import frame_size, is_number, is_text, require
from mmvis_ext.annotations.json_file import load_json
from mmvis_ext.annotations.lists import leaves_folder
from mmvis_ext.annotations.picture import open_picture
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.annotations.tolerance import Tolerance
from mmvis_ext.structures.rle import RLE
from mmvis_ext.utils.errors import InputError

from .drafts import VideoDraft, gathered
from .frame_folders import in_order, pictures_in, subfolders
from .shapes import circle_rle, patch_rle, polygon_rle
from .source import Source

__all__ = ["class_of_label", "read_labelme"]

POINTS = {"polygon": 3, "rectangle": 2, "circle": 2, "mask": 2}  # at least, by type of shape


class _Frame(NamedTuple):
    """A JSON file: where it is, the picture that it labels, (H, W) of it, and its shapes."""

    where: str
    picture: str
    size: tuple[int, int]
    shapes: list


def read_labelme(source: Source) -> AnnotationFile:
    """Read a folder of JSON files, which are the frames of one video, or a folder with such a folder per video.

    The frames of a video are those with a JSON file, in the order of the numbers in their names; a warning counts
    pictures without one, since nobody knows what they show. ``group_id`` is the track id; shapes of one frame with the
    same id are parts of one object. With ``track_by="label"`` each label is one track, and its class is the label
    without a number at its end, see :func:`class_of_label`. The pictures' names are relative to the folder.

    Raises:
        InputError: there is no JSON file, one is broken, frames of a video differ in size, or a shape has no group id.
    """
    if not source.path.is_dir():
        raise InputError(f"{source.where}: is no folder; give the one with labelme's JSON files.")
    videos, tolerance = [], source.tolerance()
    folders = ["", *subfolders(source.path)]
    for folder in folders:
        names = sorted((p.name for p in (source.path / folder).glob("*.json")), key=in_order)
        frames = [_read_frame(source.path, posixpath.join(folder, name)) for name in names]
        if frames:
            videos.append(_video(source, frames, tolerance))
            _count_unlabelled(source.path, folder, frames, tolerance)
    tolerance.warn()
    return gathered(source, videos)


def _read_frame(root: Path, name: str) -> _Frame:
    where = str(root / name)
    data = load_json(where)
    if not isinstance(data, dict) or "shapes" not in data:
        raise InputError(f"{where}: not a file of labelme, which has 'shapes'; remove it from the folder.")
    size = frame_size(dict(height=data.get("imageHeight"), width=data.get("imageWidth")), where)
    picture = require(data, "imagePath", str, where).replace("\\", "/")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), picture))
    drive = picture.split("/")[0].endswith(":")
    if picture[:1] == "/" or drive or leaves_folder(path) or path == ".":
        raise InputError(
            f"{where}: the picture {picture[:80]!r} is outside of {root}; give the folder that holds labels and "
            "pictures, or correct 'imagePath'."
        )
    return _Frame(where, path, size, require(data, "shapes", list, where))


def _count_unlabelled(root: Path, folder: str, frames: list[_Frame], tolerance: Tolerance) -> None:
    labelled = {frame.picture for frame in frames}
    for name in pictures_in(root / folder):
        path = posixpath.join(folder, name)
        if path not in labelled:
            kind = "pictures without a JSON file, which are left out"
            tolerance.mend(kind, path, f"{root / path}: has no JSON file; label it, or save it without a shape.")


def _video(source: Source, frames: list[_Frame], tolerance: Tolerance) -> VideoDraft:
    size = frames[0].size
    other = next((frame for frame in frames if frame.size != size), None)
    if other is not None:
        raise InputError(
            f"{other.where}: its frame has {other.size[1]}x{other.size[0]} pixels, but the video's first one "
            f"{size[1]}x{size[0]}; put each video into a folder of its own."
        )
    twice = next((f for i, f in enumerate(frames) if f.picture in {g.picture for g in frames[:i]}), None)
    if twice is not None:
        raise InputError(f"{twice.where}: labels {twice.picture} a second time; remove one of the two files.")
    video = VideoDraft(size, [frame.picture for frame in frames])
    for t, frame in enumerate(frames):
        for i, shape in enumerate(frame.shapes):
            where = f"{frame.where}: shapes[{i}]"
            label = require(shape, "label", str, where)
            kind = shape.get("shape_type", "polygon")
            if not isinstance(kind, str) or kind not in POINTS:
                about = f"{where}: a shape of the type {str(kind)[:40]!r} covers no area; draw a polygon or remove it."
                tolerance.mend("points and lines, which are left out", where, about)
                continue
            key, name = _track_of(shape, label, source.track_by, where)
            video.add(key, name, t, _shape(shape, kind, size, where), where)
    return video


def _track_of(shape: dict, label: str, track_by: str, where: str) -> tuple[int | str, str]:
    """What tells the track of a shape from others, and the name of its class."""
    if track_by == "label":
        return label, class_of_label(label)
    if shape.get("group_id") is None:
        raise InputError(
            f"{where}: the {label!r} has no group_id, which tells objects apart over time; set it in labelme (Edit "
            "Label), or add --track-by label where every label is one object."
        )
    return require(shape, "group_id", int, where), label


def class_of_label(label: str) -> str:
    """A label without a number at its end that a space, ``-``, ``_`` or ``#`` sets apart: 'car' of 'car 2' or 'car-2'.

    So objects that are told apart by their labels are of one class. A label such as 'f16' stays.
    """
    return re.sub(r"[ _#-]+[0-9]+$", "", label) or label


def _shape(shape: dict, kind: str, size: tuple[int, int], where: str) -> RLE | list[float] | None:
    """The mask of a shape, or the box xyxy of a rectangle."""
    points = require(shape, "points", list, where)
    if len(points) < POINTS[kind] or not all(_is_point(point) for point in points):
        raise InputError(f"{where}: 'points' must be at least {POINTS[kind]} pairs of numbers; draw the shape again.")
    if kind == "polygon":
        return polygon_rle(points, size, where)
    (x1, y1), (x2, y2) = points[0], points[1]
    if kind == "rectangle":
        return [float(v) for v in (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))]
    if kind == "circle":
        return circle_rle(points[0], math.hypot(x2 - x1, y2 - y1), size, where)
    return patch_rle(_patch(shape, where), round(x1), round(y1), size, where)


def _is_point(point: Any) -> bool:
    return isinstance(point, list) and len(point) == 2 and all(is_number(value) for value in point)


def _patch(shape: dict, where: str) -> np.ndarray:
    """The PNG of a mask, (h, w) uint8."""
    text = require(shape, "mask", str, where)
    try:
        if not is_text(text):
            raise ValueError
        with open_picture(base64.b64decode(text, validate=True), where) as image:
            return np.array(image.convert("L"))
    except (binascii.Error, ValueError, OSError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{where}: its mask is no PNG in base64; draw it again.") from None
