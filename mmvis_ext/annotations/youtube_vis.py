"""Annotation files of video instance segmentation, read as they are and checked as a whole.

Two forms are understood: the official YouTube-VIS one (a track per annotation, ``segmentations`` over time; OVIS uses
it too) and CocoVID (an annotation per frame and object), which mmdet's converter writes. Both come out as the same
records, so nothing behind this module asks which form the file had.
"""

from pathlib import Path
from typing import Any

import numpy as np

from mmvis_ext.structures.rle import RLE, boxes_of, to_rles
from mmvis_ext.utils.errors import InputError

from .box_fit import BoxFit
from .checks import (
    areas_of,
    box_in_frame,
    category_of,
    crowd_of,
    entries_of,
    frame_size,
    is_text,
    occlusion_of,
    owner_of,
    per_frame,
    require,
    require_unique,
    track_id_of,
    videos_of,
)
from .cocovid import cocovid_videos
from .json_file import load_json
from .records import AnnotationFile, TrackAnnotation, VideoRecord
from .tolerance import Tolerance

__all__ = ["official_videos", "read_annotation_file", "read_annotations", "read_categories"]


def read_annotation_file(path: str | Path, as_boxes: bool = False, strict: bool = False) -> AnnotationFile:
    """Read an annotation file in the official or the CocoVID form.

    Args:
        path: of the JSON file.
        as_boxes: read the official form for a comparison of boxes. A track is then where its ``bboxes`` are, if it has
            any, also in frames in which it has no mask, and it may come without ``segmentations``.
        strict: refuse what is otherwise read with a warning: a box with a side of zero, which is left out (the mask, if
            there is one, then says where the object is), and a ``length`` that is not the number of ``file_names``,
            which are right.

    Raises:
        InputError: the file is missing or broken, belongs to another task, or contradicts itself (unknown category,
            duplicate id, no videos, masks of another size or number than the frames, boxes of another form).
    """
    return read_annotations(load_json(path), str(path), as_boxes, strict)


def read_annotations(data: Any, where: str, as_boxes: bool = False, strict: bool = False) -> AnnotationFile:
    """Like :func:`read_annotation_file`, for JSON that is already parsed; ``where`` names the file in errors."""
    if not isinstance(data, dict) or "videos" not in data:
        found = sorted(data)[:6] if isinstance(data, dict) else type(data).__name__
        raise InputError(
            f"{where}: not a video instance segmentation file, since it has no 'videos' (found {found}); "
            "give the official YouTube-VIS or OVIS JSON, or its CocoVID form."
        )
    categories, tolerance = read_categories(data, where), Tolerance(where, strict)
    ids = {c["id"] for c in categories}
    if "images" in data:
        videos = cocovid_videos(data, where, ids, tolerance)
    else:
        videos = official_videos(data, where, ids, tolerance, as_boxes)
    tolerance.warn()
    return AnnotationFile(where, categories, videos)


def read_categories(data: dict, where: str) -> list[dict]:
    """``id`` and ``name`` of each category; raises InputError where one is missing or two categories share one."""
    categories = [
        dict(
            id=require(c, "id", int, f"{where}: categories[{i}]"),
            name=require(c, "name", str, f"{where}: categories[{i}]"),
        )
        for i, c in enumerate(entries_of(data, "categories", where))
    ]
    if not categories:
        raise InputError(f"{where}: 'categories' is empty; list those of the data set.")
    require_unique((c["id"] for c in categories), "category", where)
    require_unique((c["name"] for c in categories), "category name", where)
    return categories


def official_videos(
    data: dict, where: str, category_ids: set[int], tolerance: Tolerance, as_boxes: bool = False
) -> list[VideoRecord]:
    """The videos of parsed JSON in the official form; raises the errors of :func:`read_annotation_file`."""
    annotated = data.get("annotations") is not None
    videos: dict[int, VideoRecord] = {}
    for i, entry in enumerate(videos_of(data, where)):
        here = f"{where}: videos[{i}]"
        video_id = require(entry, "id", int, here)
        here = f"{where}: video {video_id}"
        names = require(entry, "file_names", list, here)
        if not names or not all(isinstance(n, str) and n for n in names):
            raise InputError(f"{here}: 'file_names' must name at least one frame; remove the video or list its frames.")
        odd = next((n for n in names if not is_text(n)), None)
        if odd is not None:
            raise InputError(f"{here}: no file can have the name {odd[:80]!r} that stands in 'file_names'; correct it.")
        length = entry.get("length", len(names))
        if length != len(names):
            numbers = f"'length' is {length} but 'file_names' has {len(names)} entries"
            if not isinstance(length, int):
                raise InputError(f"{here}: {numbers}; correct it.")
            kind = "videos whose 'length' is not the number of their 'file_names', which counts"
            tolerance.mend(kind, here, f"{here}: {numbers}; correct one of them.")
        if video_id in videos:
            raise InputError(f"{where}: video id {video_id} occurs twice; ids must be unique, renumber them.")
        videos[video_id] = VideoRecord(
            video_id, *frame_size(entry, here), names, list(range(len(names))), [] if annotated else None
        )
    if annotated:
        annotations = entries_of(data, "annotations", where)
        require_unique((track_id_of(a, "id", f"{where}: annotations[{i}]") for i, a in enumerate(annotations)),
                "annotation", where)  # fmt: skip
        fit = BoxFit()
        for entry in annotations:
            here = f"{where}: annotation {entry['id']}"
            video = owner_of(entry, videos, "video_id", here)
            video.tracks.append(_official_track(entry, video, category_ids, as_boxes, here, tolerance, fit))
        fit.check(where)
    return list(videos.values())


def _official_track(
    entry: dict,
    video: VideoRecord,
    category_ids: set[int],
    as_boxes: bool,
    where: str,
    tolerance: Tolerance,
    fit: BoxFit,
) -> TrackAnnotation:
    category_id, crowd = category_of(entry, category_ids, where), crowd_of(entry, where)
    given = None if entry.get("bboxes") is None else per_frame(entry, "bboxes", video, where)
    areas = areas_of(entry, video, where)
    by_boxes = as_boxes and given is not None
    rles: list[RLE | None] = []
    if not by_boxes or entry.get("segmentations") is not None:
        masks = per_frame(entry, "segmentations", video, where)
        rles = to_rles(masks, video.height, video.width, lambda t: f"{where}, frame {t} ({video.file_names[t]})")
    of_masks = boxes_of(rles or [None] * len(video.file_names)).astype(np.float64)
    boxes = np.zeros_like(of_masks) if by_boxes else of_masks.copy()
    for t, box in enumerate(given or ()):
        if box and (by_boxes or rles[t] is not None):
            corners = box_in_frame(box, video, f"{where}, frame {t}", tolerance)
            if corners is not None:
                boxes[t] = corners
                fit.add(box, of_masks[t], video)
            elif rles:
                boxes[t] = of_masks[t]
    occlusion = occlusion_of(entry, video, where, tolerance)
    return TrackAnnotation(entry["id"], category_id, rles, boxes, crowd, areas, occlusion)
