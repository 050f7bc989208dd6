"""Annotation files of video instance segmentation, read as they are and checked as a whole.

Two forms are understood: the official YouTube-VIS one (a track per annotation, ``segmentations`` over time; OVIS uses
it too) and CocoVID (an annotation per frame and object), which mmdet's converter writes. Both come out as the same
records, so nothing behind this module asks which form the file had.
"""

from pathlib import Path
from typing import Any

import numpy as np

from mmvis_ext.structures.rle import RLE, boxes_of, to_rle, to_rles
from mmvis_ext.utils.errors import InputError

from .checks import (
    area_of,
    areas_of,
    box_in_frame,
    category_of,
    entries_of,
    frame_size,
    owner_of,
    per_frame,
    require,
    require_unique,
    track_id_of,
    videos_of,
)
from .json_file import load_json
from .records import AnnotationFile, TrackAnnotation, VideoRecord

__all__ = ["official_videos", "read_annotation_file", "read_annotations", "read_categories"]


def read_annotation_file(path: str | Path, as_boxes: bool = False) -> AnnotationFile:
    """Read an annotation file in the official or the CocoVID form.

    Args:
        path: of the JSON file.
        as_boxes: read the official form for a comparison of boxes. A track is then where its ``bboxes`` are, if it has
            any, also in frames in which it has no mask, and it may come without ``segmentations``.

    Raises:
        InputError: the file is missing or broken, belongs to another task, or contradicts itself (unknown category,
            duplicate id, no videos, masks of another size or number than the frames).
    """
    return read_annotations(load_json(path), str(path), as_boxes)


def read_annotations(data: Any, where: str, as_boxes: bool = False) -> AnnotationFile:
    """Like :func:`read_annotation_file`, for JSON that is already parsed; ``where`` names the file in errors."""
    if not isinstance(data, dict) or "videos" not in data:
        found = sorted(data)[:6] if isinstance(data, dict) else type(data).__name__
        raise InputError(
            f"{where}: not a video instance segmentation file, since it has no 'videos' (found {found}); "
            "give the official YouTube-VIS or OVIS JSON, or its CocoVID form."
        )
    categories = read_categories(data, where)
    if "images" in data:
        videos = _cocovid_videos(data, where, {c["id"] for c in categories})
    else:
        videos = official_videos(data, where, {c["id"] for c in categories}, as_boxes)
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


def official_videos(data: dict, where: str, category_ids: set[int], as_boxes: bool = False) -> list[VideoRecord]:
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
        if entry.get("length", len(names)) != len(names):
            raise InputError(
                f"{here}: 'length' is {entry['length']} but 'file_names' has {len(names)} entries; correct one of them."
            )
        if video_id in videos:
            raise InputError(f"{where}: video id {video_id} occurs twice; ids must be unique, renumber them.")
        videos[video_id] = VideoRecord(
            video_id, *frame_size(entry, here), names, list(range(len(names))), [] if annotated else None
        )
    if annotated:
        annotations = entries_of(data, "annotations", where)
        require_unique((track_id_of(a, "id", f"{where}: annotations[{i}]") for i, a in enumerate(annotations)),
                "annotation", where)  # fmt: skip
        for entry in annotations:
            here = f"{where}: annotation {entry['id']}"
            video = owner_of(entry, videos, "video_id", here)
            video.tracks.append(_official_track(entry, video, category_ids, as_boxes, here))
    return list(videos.values())


def _official_track(
    entry: dict, video: VideoRecord, category_ids: set[int], as_boxes: bool, where: str
) -> TrackAnnotation:
    category_id, crowd = category_of(entry, category_ids, where), bool(entry.get("iscrowd", 0))
    given = None if entry.get("bboxes") is None else per_frame(entry, "bboxes", video, where)
    areas = areas_of(entry, video, where)
    by_boxes = as_boxes and given is not None
    rles: list[RLE | None] = []
    if not by_boxes or entry.get("segmentations") is not None:
        masks = per_frame(entry, "segmentations", video, where)
        rles = to_rles(masks, video.height, video.width, lambda t: f"{where}, frame {t} ({video.file_names[t]})")
    boxes = np.zeros((len(video.file_names), 4)) if by_boxes else boxes_of(rles).astype(np.float64)
    for t, box in enumerate(given or ()):
        if box and (by_boxes or rles[t] is not None):
            boxes[t] = box_in_frame(box, video, f"{where}, frame {t}")
    return TrackAnnotation(entry["id"], category_id, rles, boxes, crowd, areas)


def _cocovid_videos(data: dict, where: str, category_ids: set[int]) -> list[VideoRecord]:
    videos: dict[int, VideoRecord] = {}
    frames: dict[int, list[dict]] = {}
    for i, entry in enumerate(videos_of(data, where)):
        video_id = require(entry, "id", int, f"{where}: videos[{i}]")
        if video_id in frames:
            raise InputError(f"{where}: video id {video_id} occurs twice; ids must be unique, renumber them.")
        frames[video_id] = []
    images: dict[int, tuple[int, int]] = {}
    for i, entry in enumerate(entries_of(data, "images", where)):
        here = f"{where}: images[{i}]"
        for key, kind in (("id", int), ("frame_id", int), ("file_name", str)):
            require(entry, key, kind, here)
        owner_of(entry, frames, "video_id", here).append(entry)
    require_unique((e["id"] for f in frames.values() for e in f), "image", where)
    annotated = data.get("annotations") is not None
    for video_id, entries in frames.items():
        here = f"{where}: video {video_id}"
        if not entries:
            raise InputError(f"{here}: has no frames; remove the video or list its images.")
        require_unique((e["frame_id"] for e in entries), "frame", here)
        entries.sort(key=lambda e: e["frame_id"])
        size = frame_size(entries[0], f"{here}, image {entries[0]['id']}")
        for t, entry in enumerate(entries):
            if frame_size(entry, f"{here}, image {entry['id']}") != size:
                raise InputError(f"{here}: its frames have different sizes; give all frames of a video one size.")
            images[entry["id"]] = (video_id, t)
        videos[video_id] = VideoRecord(
            video_id, *size, [e["file_name"] for e in entries], [e["id"] for e in entries], tracks=None
        )
    if annotated:
        tracks = _cocovid_tracks(entries_of(data, "annotations", where), videos, images, category_ids, where)
        for video_id, video in videos.items():
            video.tracks = tracks[video_id]
    return list(videos.values())


def _cocovid_tracks(
    entries: list, videos: dict[int, VideoRecord], images: dict[int, tuple[int, int]], categories: set[int], where: str
) -> dict[int, list[TrackAnnotation]]:
    """Gather per-frame annotations into the tracks of each video, in order of appearance in the file."""
    require_unique(
        (require(a, "id", int, f"{where}: annotations[{i}]") for i, a in enumerate(entries)), "annotation", where
    )
    tracks: dict[tuple[int, int], TrackAnnotation] = {}
    seen: set[tuple[int, int, int]] = set()
    by_video: dict[int, list[TrackAnnotation]] = {video_id: [] for video_id in videos}
    areas: dict[tuple[int, int], dict[int, float | None]] = {}
    for entry in entries:
        here = f"{where}: annotation {entry['id']}"
        video_id, t = owner_of(entry, images, "image_id", here)
        video = videos[video_id]
        key = (video_id, track_id_of(entry, "instance_id", here))
        category = category_of(entry, categories, here)
        if key not in tracks:
            length = len(video.file_names)
            tracks[key] = TrackAnnotation(
                key[1], category, [None] * length, np.zeros((length, 4)), bool(entry.get("iscrowd", 0))
            )
            by_video[video_id].append(tracks[key])
        track = tracks[key]
        if track.category_id != category or track.iscrowd != bool(entry.get("iscrowd", 0)) or (*key, t) in seen:
            raise InputError(
                f"{here}: instance {key[1]} of video {video_id} has two annotations in frame {t}, or its annotations "
                "differ in category_id or iscrowd; give each object its own instance_id."
            )
        seen.add((*key, t))
        rle = to_rle(entry.get("segmentation"), video.height, video.width, f"{here}, frame {t}")
        track.segmentations[t] = rle
        if rle is not None:
            box = entry.get("bbox")
            track.boxes[t] = box_in_frame(box, video, here) if box else boxes_of([rle])[0]
            areas.setdefault(key, {})[t] = area_of(entry, here)
    for key, known in areas.items():
        if None not in known.values():
            tracks[key].areas = [known.get(t) for t in range(len(tracks[key].segmentations))]
    return by_video
