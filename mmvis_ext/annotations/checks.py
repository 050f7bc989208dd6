"""Checks shared by the readers of JSON annotation files.

Each takes ``where``, the file and the place in it, with which its error begins: ``train.json: video 3``.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from mmvis_ext.utils.errors import InputError

from .records import OCCLUSION_LEVELS, VideoRecord
from .tolerance import Tolerance

__all__ = [
    "MAX_SIDE",
    "MOST",
    "area_of",
    "areas_of",
    "box_in_frame",
    "category_of",
    "crowd_of",
    "entries_of",
    "frame_size",
    "is_number",
    "is_text",
    "occlusion_of",
    "owner_of",
    "per_frame",
    "require",
    "require_unique",
    "track_id_of",
    "videos_of",
]

MAX_SIDE = 16384  # pixels; keeps a frame within the 32 bits in which pycocotools counts the pixels of a mask

MOST = 1e9  # of areas, boxes and scores; the largest frame has a quarter of it in pixels


def require(entry: Any, key: str, kinds: type | tuple[type, ...], where: str) -> Any:
    """The value under ``key`` of a JSON object, which must be of one of the types ``kinds``.

    Booleans do not pass, nor do numbers beyond 64 bits, nor text that cannot be written again.
    """
    if not isinstance(entry, dict):
        raise InputError(f"{where}: expected an object, found {type(entry).__name__}; write {{...}} with named fields.")
    value = entry.get(key)
    if not isinstance(value, kinds) or isinstance(value, bool):
        state = "is missing; add it" if key not in entry else f"has the wrong type ({type(value).__name__}); correct it"
        raise InputError(f"{where}: the field '{key}' {state}.")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InputError(f"{where}: the field '{key}' is a number that does not fit 64 bits; correct it.")
    if isinstance(value, str) and not is_text(value):
        raise InputError(f"{where}: the field '{key}' holds a character that no text has, {value[:80]!r}; correct it.")
    return value


def entries_of(data: dict, key: str, where: str) -> list:
    """The list under ``key``."""
    return require(data, key, list, where)


def videos_of(data: dict, where: str) -> list:
    """The list of videos, which must not be empty."""
    videos = entries_of(data, "videos", where)
    if not videos:
        raise InputError(f"{where}: 'videos' is empty; give a file that lists at least one video.")
    return videos


def require_unique(ids: Iterable, what: str, where: str) -> None:
    """Check that no id occurs twice; ``what`` says in the error what the ids stand for."""
    seen = set()
    for one in ids:
        if one in seen:
            raise InputError(f"{where}: {what} id {one} occurs twice; ids must be unique, renumber them.")
        seen.add(one)


def frame_size(entry: dict, where: str) -> tuple[int, int]:
    """``height`` and ``width`` in pixels, each from 1 to :data:`MAX_SIDE`."""
    height, width = (require(entry, key, int, where) for key in ("height", "width"))
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise InputError(f"{where}: height {height} and width {width} must be 1 to {MAX_SIDE} pixels; correct them.")
    return height, width


def owner_of(entry: dict, owners: dict, key: str, where: str) -> Any:
    """The entry of ``owners`` that the id under ``key`` refers to: of a ``video_id``, the video."""
    owner = require(entry, key, int, where)
    if owner not in owners:
        raise InputError(f"{where}: {key} {owner} is not in the file; remove the annotation or add what it refers to.")
    return owners[owner]


def track_id_of(entry: dict, key: str, where: str) -> int:
    """A track id, which must fit the 32 bits in which mmdet stores it."""
    track_id = require(entry, key, int, where)
    if not -(2**31) <= track_id < 2**31:
        raise InputError(f"{where}: the field '{key}' is {track_id}, which does not fit 32 bits; renumber the tracks.")
    return track_id


def category_of(entry: dict, category_ids: set[int], where: str) -> int:
    """``category_id``, which must be one of the file's categories."""
    category_id = require(entry, "category_id", int, where)
    if category_id not in category_ids:
        raise InputError(
            f"{where}: category_id {category_id} is not among the file's categories; add it there or correct it."
        )
    return category_id


def per_frame(entry: dict, key: str, video: VideoRecord, where: str) -> list:
    """The list under ``key``, which has one item per frame of the video."""
    items = require(entry, key, list, where)
    if len(items) != len(video.file_names):
        raise InputError(
            f"{where}: '{key}' has {len(items)} entries but video {video.id} has {len(video.file_names)} frames; "
            "write one per frame, null where the object is absent."
        )
    return items


def areas_of(entry: dict, video: VideoRecord, where: str) -> list[float | None] | None:
    """The list under ``areas``, a number or null per frame; ``None`` where the entry has no such list."""
    if entry.get("areas") is None:
        return None
    areas = per_frame(entry, "areas", video, where)
    if not all(area is None or is_number(area) for area in areas):
        raise InputError(f"{where}: 'areas' is a list of numbers and nulls, one per frame; correct it or leave it out.")
    return areas


def occlusion_of(entry: dict, video: VideoRecord, where: str, tolerance: Tolerance) -> list[str | None] | None:
    """The list under ``occlusion``, one of OVIS' levels or null per frame; ``None`` where there is no such list."""
    levels = entry.get("occlusion")
    if levels is None:
        return None
    known = (*OCCLUSION_LEVELS, None)
    if isinstance(levels, list) and len(levels) == len(video.file_names) and all(level in known for level in levels):
        return levels
    tolerance.mend(
        "annotations whose 'occlusion' is left out, since it is no list of OVIS' levels",
        where,
        f"{where}: 'occlusion' is a list of {', '.join(OCCLUSION_LEVELS)} and nulls, one per frame; correct it or "
        "leave it out.",
    )
    return None


def area_of(entry: dict, where: str) -> float | None:
    """``area`` in square pixels; ``None`` where there is none."""
    area = entry.get("area")
    if area is not None and not is_number(area):
        raise InputError(f"{where}: 'area' is a number of square pixels, not {area!r}; correct it or leave it out.")
    return area


def crowd_of(entry: dict, where: str) -> bool:
    """``iscrowd``: 0, 1, false or true; false where there is none."""
    crowd = entry.get("iscrowd")
    if crowd not in (None, 0, 1):
        raise InputError(f"{where}: 'iscrowd' is 0 or 1, not {repr(crowd)[:80]}; correct it or leave it out.")
    return bool(crowd)


def is_number(value: Any) -> bool:
    """Whether this is a number of at most :data:`MOST` either way; ``True`` and ``False`` are not."""
    kinds = int | float | np.number
    return isinstance(value, kinds) and not isinstance(value, bool) and bool(-MOST <= value <= MOST)


def is_text(text: str) -> bool:
    """Whether this can be written in UTF-8 and be the name of a file: it has no NUL and no half of a surrogate pair."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def box_in_frame(box: Any, video: VideoRecord, where: str, tolerance: Tolerance) -> list[float] | None:
    """A box [x, y, width, height] as xyxy in pixels; ``None`` for one with a side of zero, which says nothing.

    A box with a negative side, or wholly outside the frame, is refused: it contradicts the mask.
    """
    refusal = f"{where}: the box {box} is not [x, y, width, height] in pixels inside the frame; correct it."
    if (
        not isinstance(box, list)
        or len(box) != 4
        or not all(is_number(v) and abs(v) <= 2 * MAX_SIDE for v in box)
        or min(box[2:]) < 0
    ):
        raise InputError(refusal)
    x, y, w, h = box
    if w == 0 or h == 0:
        tolerance.mend("boxes with a side of zero, which are left out", where, refusal)
        return None
    if not -w < x < video.width or not -h < y < video.height:
        raise InputError(refusal)
    return [x, y, x + w, y + h]
