"""Annotation files of video instance segmentation, read as they are and checked as a whole.

Two forms are understood: the official YouTube-VIS one (a track per annotation, ``segmentations`` over time; OVIS uses
it too) and CocoVID (an annotation per frame and object), which mmdet's converter writes. Both come out as the same
records, so nothing behind this module asks which form the file had.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from mmvis_ext.errors import InputError
from mmvis_ext.structures.rle import RLE, boxes_of, to_rle

__all__ = [
    "AnnotationFile",
    "TrackAnnotation",
    "VideoRecord",
    "load_json",
    "official_videos",
    "read_annotation_file",
    "read_categories",
]

MAX_SIDE = 16384  # pycocotools counts a mask's pixels in 32 bits


@dataclass
class TrackAnnotation:
    """One ground-truth track.

    Attributes:
        id: the file's track id, unique in its video; 0 is an id like any other.
        category_id: the file's category id.
        segmentations: compressed RLE per frame, ``None`` where absent.
        boxes: (T, 4) float32 xyxy in pixels; zeros where absent.
        iscrowd: ignored by training and evaluation.
    """

    id: int
    category_id: int
    segmentations: list[RLE | None]
    boxes: np.ndarray
    iscrowd: bool = False

    def thinned(self, stride: int) -> "TrackAnnotation":
        return TrackAnnotation(
            self.id, self.category_id, self.segmentations[::stride], self.boxes[::stride], self.iscrowd
        )

    def official(self, video_id: int) -> dict:
        """The annotation in the official form, as evaluation takes it."""
        present = [s is not None for s in self.segmentations]
        xywh = np.concatenate([self.boxes[:, :2], self.boxes[:, 2:] - self.boxes[:, :2]], axis=1).tolist()
        return dict(
            id=self.id,
            video_id=video_id,
            category_id=self.category_id,
            iscrowd=int(self.iscrowd),
            segmentations=self.segmentations,
            bboxes=[b if p else None for b, p in zip(xywh, present, strict=True)],
            areas=[None if s is None else int(coco_mask.area(s)) for s in self.segmentations],
        )


@dataclass
class VideoRecord:
    """One video: its frames and, where the file has them, its tracks.

    Attributes:
        id: the file's video id.
        height: frame height in pixels.
        width: frame width in pixels.
        file_names: one per frame, relative to the image folder, in time order.
        image_ids: CocoVID's image ids; the running frame number otherwise.
        tracks: empty for a video without objects; ``None`` where the file has no annotations at all.
    """

    id: int
    height: int
    width: int
    file_names: list[str]
    image_ids: list[int]
    tracks: list[TrackAnnotation] | None = field(default_factory=list)

    def thinned(self, stride: int) -> "VideoRecord":
        """Every ``stride``-th frame: the video at a lower frame rate. Tracks that no kept frame shows are dropped."""
        tracks = self.tracks
        if tracks is not None:
            tracks = [t.thinned(stride) for t in tracks]
            tracks = [t for t in tracks if any(s is not None for s in t.segmentations)]
        return VideoRecord(
            self.id, self.height, self.width, self.file_names[::stride], self.image_ids[::stride], tracks
        )


@dataclass
class AnnotationFile:
    """A whole file. ``categories`` are ``{'id', 'name'}`` dicts in the file's order."""

    path: str
    categories: list[dict]
    videos: list[VideoRecord]

    @property
    def has_annotations(self) -> bool:
        return any(v.tracks is not None for v in self.videos)

    def official(self) -> dict:
        """The file in the official form with compressed RLE, as evaluation takes it."""
        annotations = [t.official(v.id) for v in self.videos for t in v.tracks or ()]
        for number, annotation in enumerate(annotations, 1):
            annotation["id"] = number  # CocoVID's track ids are unique in their video only
        videos = [
            dict(id=v.id, height=v.height, width=v.width, length=len(v.file_names), file_names=v.file_names)
            for v in self.videos
        ]
        return dict(categories=self.categories, videos=videos, annotations=annotations)


def load_json(path: str | Path) -> Any:
    """Parse a JSON file.

    Raises:
        InputError: the file is missing, unreadable or not JSON (a broken download, say).
    """
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        raise InputError(
            f"{path}: no such annotation file; check ann_file and data_root, or prepare the data set first."
        ) from None
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: not valid JSON ({error}); the file is truncated or broken, fetch or write it again."
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions.") from None


def read_annotation_file(path: str | Path) -> AnnotationFile:
    """Read an annotation file in the official or the CocoVID form.

    Args:
        path: of the JSON file.

    Raises:
        InputError: the file is missing or broken, belongs to another task, or contradicts itself (unknown category,
            duplicate id, masks of another size or number than the frames); the sentence names the place.
    """
    data = load_json(path)
    where = str(path)
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
        videos = official_videos(data, where, {c["id"] for c in categories})
    return AnnotationFile(where, categories, videos)


def _require(entry: Any, key: str, kinds: type | tuple[type, ...], where: str) -> Any:
    if not isinstance(entry, dict):
        raise InputError(f"{where}: expected an object, found {type(entry).__name__}; mend the file.")
    value = entry.get(key)
    if not isinstance(value, kinds) or isinstance(value, bool):
        state = "is missing" if key not in entry else f"has the wrong type ({type(value).__name__})"
        raise InputError(f"{where}: the field '{key}' {state}; mend the file.")
    return value


def _entries(data: dict, key: str, where: str) -> list:
    return _require(data, key, list, where)


def _unique(ids: Iterable, what: str, where: str) -> None:
    seen = set()
    for one in ids:
        if one in seen:
            raise InputError(f"{where}: {what} id {one} occurs twice; ids must be unique, renumber them.")
        seen.add(one)


def read_categories(data: dict, where: str) -> list[dict]:
    """The file's categories, ``id`` and ``name`` of each; raises InputError where one lacks them or two are alike."""
    categories = [
        dict(
            id=_require(c, "id", int, f"{where}: categories[{i}]"),
            name=_require(c, "name", str, f"{where}: categories[{i}]"),
        )
        for i, c in enumerate(_entries(data, "categories", where))
    ]
    if not categories:
        raise InputError(f"{where}: 'categories' is empty; every file must list its categories.")
    _unique((c["id"] for c in categories), "category", where)
    _unique((c["name"] for c in categories), "category name", where)
    return categories


def _frame_size(entry: dict, where: str) -> tuple[int, int]:
    height, width = (_require(entry, key, int, where) for key in ("height", "width"))
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE):
        raise InputError(f"{where}: height {height} and width {width} must be 1 to {MAX_SIDE} pixels; correct them.")
    return height, width


def official_videos(data: dict, where: str, category_ids: set[int]) -> list[VideoRecord]:
    """Videos of parsed JSON in the official form, as :func:`read_annotation_file` reads them; the same errors."""
    annotated = data.get("annotations") is not None
    videos: dict[int, VideoRecord] = {}
    for i, entry in enumerate(_entries(data, "videos", where)):
        here = f"{where}: videos[{i}]"
        video_id = _require(entry, "id", int, here)
        here = f"{where}: video {video_id}"
        names = _require(entry, "file_names", list, here)
        if not names or not all(isinstance(n, str) and n for n in names):
            raise InputError(f"{here}: 'file_names' must name at least one frame; remove the video or list its frames.")
        if entry.get("length", len(names)) != len(names):
            raise InputError(f"{here}: 'length' is {entry['length']} but 'file_names' has {len(names)} entries.")
        if video_id in videos:
            raise InputError(f"{where}: video id {video_id} occurs twice; ids must be unique, renumber them.")
        videos[video_id] = VideoRecord(
            video_id, *_frame_size(entry, here), names, list(range(len(names))), [] if annotated else None
        )
    if annotated:
        annotations = _entries(data, "annotations", where)
        _unique((_track_id(a, "id", f"{where}: annotations[{i}]") for i, a in enumerate(annotations)),
                "annotation", where)  # fmt: skip
        for entry in annotations:
            here = f"{where}: annotation {entry['id']}"
            video = _owner(entry, videos, "video_id", here)
            video.tracks.append(_official_track(entry, video, category_ids, here))
    return list(videos.values())


def _owner(entry: dict, owners: dict, key: str, where: str) -> Any:
    owner = _require(entry, key, int, where)
    if owner not in owners:
        raise InputError(f"{where}: {key} {owner} is not in the file; remove the annotation or add what it refers to.")
    return owners[owner]


def _track_id(entry: dict, key: str, where: str) -> int:
    track_id = _require(entry, key, int, where)
    if not -(2**31) <= track_id < 2**31:
        raise InputError(f"{where}: the field '{key}' is {track_id}, which does not fit 32 bits; renumber the tracks.")
    return track_id


def _category(entry: dict, category_ids: set[int], where: str) -> int:
    category_id = _require(entry, "category_id", int, where)
    if category_id not in category_ids:
        raise InputError(f"{where}: category_id {category_id} is not among the file's categories; add it or mend it.")
    return category_id


def _official_track(entry: dict, video: VideoRecord, category_ids: set[int], where: str) -> TrackAnnotation:
    length = len(video.file_names)
    segmentations = _require(entry, "segmentations", list, where)
    if len(segmentations) != length:
        raise InputError(
            f"{where}: 'segmentations' has {len(segmentations)} entries but video {video.id} has {length} frames; "
            "write one per frame, null where the object is absent."
        )
    rles = [
        to_rle(s, video.height, video.width, f"{where}, frame {t} ({video.file_names[t]})")
        for t, s in enumerate(segmentations)
    ]
    boxes = boxes_of(rles)
    given = entry.get("bboxes")
    if given is not None:
        if not isinstance(given, list) or len(given) != length:
            raise InputError(
                f"{where}: 'bboxes' is not a list of {length} entries, one per frame of video {video.id}; "
                "write null where the object is absent, or leave 'bboxes' out."
            )
        for t, (rle, box) in enumerate(zip(rles, given, strict=True)):
            if rle is not None and box:
                boxes[t] = _box(box, video, f"{where}, frame {t}")
    return TrackAnnotation(
        entry["id"], _category(entry, category_ids, where), rles, boxes, bool(entry.get("iscrowd", 0))
    )


def _box(box: Any, video: VideoRecord, where: str) -> list[float]:
    """An xywh box as xyxy; a box that lies outside the frame or has no area contradicts the mask."""
    if (
        not isinstance(box, list)
        or len(box) != 4
        or not all(isinstance(v, int | float) and abs(v) <= 2 * MAX_SIDE for v in box)
        or box[2] <= 0
        or box[3] <= 0
        or not -box[2] < box[0] < video.width
        or not -box[3] < box[1] < video.height
    ):
        raise InputError(f"{where}: the box {box} is not [x, y, width, height] in pixels inside the frame; mend it.")
    x, y, w, h = box
    return [x, y, x + w, y + h]


def _cocovid_videos(data: dict, where: str, category_ids: set[int]) -> list[VideoRecord]:
    videos: dict[int, VideoRecord] = {}
    frames: dict[int, list[dict]] = {}
    for i, entry in enumerate(_entries(data, "videos", where)):
        video_id = _require(entry, "id", int, f"{where}: videos[{i}]")
        if video_id in frames:
            raise InputError(f"{where}: video id {video_id} occurs twice; ids must be unique, renumber them.")
        frames[video_id] = []
    images: dict[int, tuple[int, int]] = {}
    for i, entry in enumerate(_entries(data, "images", where)):
        here = f"{where}: images[{i}]"
        for key, kind in (("id", int), ("frame_id", int), ("file_name", str)):
            _require(entry, key, kind, here)
        _owner(entry, frames, "video_id", here).append(entry)
    _unique((e["id"] for f in frames.values() for e in f), "image", where)
    annotated = data.get("annotations") is not None
    for video_id, entries in frames.items():
        here = f"{where}: video {video_id}"
        if not entries:
            raise InputError(f"{here}: has no frames; remove the video or list its images.")
        entries.sort(key=lambda e: e["frame_id"])
        size = _frame_size(entries[0], f"{here}, image {entries[0]['id']}")
        for t, entry in enumerate(entries):
            if _frame_size(entry, f"{here}, image {entry['id']}") != size:
                raise InputError(f"{here}: its frames have different sizes; one video has one size.")
            images[entry["id"]] = (video_id, t)
        videos[video_id] = VideoRecord(
            video_id, *size, [e["file_name"] for e in entries], [e["id"] for e in entries], tracks=None
        )
    if annotated:
        tracks = _cocovid_tracks(_entries(data, "annotations", where), videos, images, category_ids, where)
        for video_id, video in videos.items():
            video.tracks = tracks[video_id]
    return list(videos.values())


def _cocovid_tracks(
    entries: list, videos: dict[int, VideoRecord], images: dict[int, tuple[int, int]], categories: set[int], where: str
) -> dict[int, list[TrackAnnotation]]:
    """Gather per-frame annotations into the tracks of each video, in order of appearance in the file."""
    _unique((_require(a, "id", int, f"{where}: annotations[{i}]") for i, a in enumerate(entries)), "annotation", where)
    tracks: dict[tuple[int, int], TrackAnnotation] = {}
    seen: set[tuple[int, int, int]] = set()
    by_video: dict[int, list[TrackAnnotation]] = {video_id: [] for video_id in videos}
    for entry in entries:
        here = f"{where}: annotation {entry['id']}"
        video_id, t = _owner(entry, images, "image_id", here)
        video = videos[video_id]
        key = (video_id, _track_id(entry, "instance_id", here))
        category = _category(entry, categories, here)
        if key not in tracks:
            length = len(video.file_names)
            tracks[key] = TrackAnnotation(
                key[1], category, [None] * length, np.zeros((length, 4), np.float32), bool(entry.get("iscrowd", 0))
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
            track.boxes[t] = _box(box, video, here) if box else boxes_of([rle])[0]
    return by_video
