"""JSON of Label Studio's video tasks: boxes at key frames, in percent of the frame.

https://labelstud.io/tags/videorectangle
"""

import math
import posixpath
from itertools import zip_longest
from typing import Any, NamedTuple

from mmvis_ext.annotations.checks import is_number, require
from mmvis_ext.annotations.json_file import load_json
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.annotations.tolerance import Tolerance
from mmvis_ext.utils.errors import InputError

from .drafts import VideoDraft, gathered
from .frame_folders import frames_of
from .source import Source

__all__ = ["read_label_studio"]

SIDES = ("x", "y", "width", "height", "rotation")


class _Key(NamedTuple):
    """A key frame: its index from 0, whether the object goes on after it, x, y, width, height in percent, degrees."""

    t: int
    goes_on: bool
    numbers: list[float]


def read_label_studio(source: Source) -> AnnotationFile:
    """Read a JSON export, whose tasks are videos. The folder of the frames has one named like each video file.

    A region of the type ``videorectangle`` is one track of boxes. Its key frames count from 1. After one that is
    ``enabled`` the box moves linearly to the next one, or stays to the end of the video; after another one the object
    is absent up to the next. A box that is turned becomes the upright one around it.

    Of several annotations of a task the first one that was not cancelled counts, with a warning.

    Raises:
        InputError: the file is no such export, a number is missing, or the frames do not fit.
    """
    data, where = load_json(source.path), source.where
    if not isinstance(data, list) or not data:
        raise InputError(f"{where}: no list of tasks; export JSON (not JSON-MIN) from Label Studio.")
    videos, tolerance = [], source.tolerance()
    for i, task in enumerate(data):
        here = f"{where}: task {i}"
        results = _results(task, here, tolerance)
        frames = frames_of(source, _video_name(task, here), here)
        video = VideoDraft(frames.size, frames.file_names)
        for j, result in enumerate(results):
            _add(video, j, result, source.track_by, f"{here}, result {j}", tolerance)
        videos.append(video)
    tolerance.warn()
    return gathered(source, videos)


def _results(task: Any, where: str, tolerance: Tolerance) -> list:
    annotations = [a for a in require(task, "annotations", list, where) if not _cancelled(a)]
    if len(annotations) > 1:
        kind = "tasks with several annotations, of which the first counts"
        tolerance.mend(kind, where, f"{where}: has {len(annotations)} annotations; keep one.")
    return require(annotations[0], "result", list, where) if annotations else []


def _cancelled(annotation: Any) -> bool:
    return isinstance(annotation, dict) and annotation.get("was_cancelled") is True


def _video_name(task: dict, where: str) -> str:
    """The name of the video file, without its ending."""
    data = require(task, "data", dict, where)
    texts = [value for value in data.values() if isinstance(value, str)]
    address = data.get("video", texts[0] if len(texts) == 1 else None)
    if not isinstance(address, str):
        raise InputError(f"{where}: 'data' names no 'video'; export JSON of a video task.")
    return posixpath.splitext(posixpath.basename(address.replace("\\", "/").split("?")[0]))[0]


def _add(video: VideoDraft, number: int, result: Any, track_by: str, where: str, tolerance: Tolerance) -> None:
    """Add a region to the video; others than boxes are left out."""
    if require(result, "type", str, where) != "videorectangle":
        kind = "results that are no videorectangle, which are left out"
        tolerance.mend(kind, where, f"{where}: is no videorectangle; remove it.")
        return
    value = require(result, "value", dict, where)
    labels = value.get("labels")
    if not isinstance(labels, list) or not labels or not isinstance(labels[0], str) or not labels[0]:
        raise InputError(f"{where}: has no label; choose one for the region in Label Studio.")
    key = number if track_by == "id" else labels[0]
    for t, box in _boxes(_keys(value, where), video.size, len(video.file_names)).items():
        video.add(key, labels[0], t, box, where)


def _keys(value: dict, where: str) -> list[_Key]:
    """The key frames of a region, in the order of time."""
    keys = []
    for entry in require(value, "sequence", list, where):
        t = require(entry, "frame", int, where) - 1
        numbers = [entry.get(side, 0 if side == "rotation" else None) for side in SIDES]
        if t < 0 or not all(is_number(n) for n in numbers):
            raise InputError(
                f"{where}: a key frame needs 'frame' from 1 and the numbers x, y, width, height; export it again."
            )
        keys.append(_Key(t, entry.get("enabled") is not False, [float(n) for n in numbers]))
    return sorted(keys, key=lambda key: key.t)


def _boxes(keys: list[_Key], size: tuple[int, int], length: int) -> dict[int, list[float]]:
    """Boxes xyxy in pixels by frame."""
    boxes = {}
    for key, after in zip_longest(keys, keys[1:]):
        stop = min(after.t if after else length, length) if key.goes_on else min(key.t + 1, length)
        goal = after or key
        for t in range(key.t, stop):
            share = (t - key.t) / (goal.t - key.t) if goal.t > key.t else 0.0
            numbers = [a + (b - a) * share for a, b in zip(key.numbers, goal.numbers, strict=True)]
            boxes[t] = _upright(numbers, size)
    return boxes


def _upright(numbers: list[float], size: tuple[int, int]) -> list[float]:
    """The box xyxy in pixels around one in percent that is turned clockwise about its left upper corner."""
    height, width = size
    x, y, w, h = (n * side / 100 for n, side in zip(numbers, (width, height, width, height), strict=False))
    sin, cos = math.sin(math.radians(numbers[4])), math.cos(math.radians(numbers[4]))
    xs = [x, x + w * cos, x - h * sin, x + w * cos - h * sin]
    ys = [y, y + w * sin, y + h * cos, y + w * sin + h * cos]
    return [min(xs), min(ys), max(xs), max(ys)]
