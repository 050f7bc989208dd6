"""The CocoVID form of an annotation file: an annotation per frame and object, as mmdet's converter writes it."""

import numpy as np

from mmvis_ext.structures.rle import boxes_of, to_rle
from mmvis_ext.utils.errors import InputError

from .box_fit import BoxFit
from .checks import (
    area_of,
    box_in_frame,
    category_of,
    crowd_of,
    entries_of,
    frame_size,
    owner_of,
    require,
    require_unique,
    track_id_of,
    videos_of,
)
from .records import TrackAnnotation, VideoRecord
from .tolerance import Tolerance

__all__ = ["cocovid_videos"]


def cocovid_videos(data: dict, where: str, category_ids: set[int], tolerance: Tolerance) -> list[VideoRecord]:
    """The videos of parsed JSON in the CocoVID form; raises the errors of :func:`read_annotation_file`."""
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
        tracks = _tracks(entries_of(data, "annotations", where), videos, images, category_ids, where, tolerance)
        for video_id, video in videos.items():
            video.tracks = tracks[video_id]
    return list(videos.values())


def _tracks(
    entries: list,
    videos: dict[int, VideoRecord],
    images: dict[int, tuple[int, int]],
    categories: set[int],
    where: str,
    tolerance: Tolerance,
) -> dict[int, list[TrackAnnotation]]:
    """Gather per-frame annotations into the tracks of each video, in order of appearance in the file."""
    require_unique(
        (require(a, "id", int, f"{where}: annotations[{i}]") for i, a in enumerate(entries)), "annotation", where
    )
    tracks: dict[tuple[int, int], TrackAnnotation] = {}
    seen: set[tuple[int, int, int]] = set()
    by_video: dict[int, list[TrackAnnotation]] = {video_id: [] for video_id in videos}
    areas: dict[tuple[int, int], dict[int, float | None]] = {}
    fit = BoxFit()
    for entry in entries:
        here = f"{where}: annotation {entry['id']}"
        video_id, t = owner_of(entry, images, "image_id", here)
        video = videos[video_id]
        key = (video_id, track_id_of(entry, "instance_id", here))
        category, crowd = category_of(entry, categories, here), crowd_of(entry, here)
        if key not in tracks:
            length = len(video.file_names)
            tracks[key] = TrackAnnotation(key[1], category, [None] * length, np.zeros((length, 4)), crowd)
            by_video[video_id].append(tracks[key])
        track = tracks[key]
        if track.category_id != category or track.iscrowd != crowd or (*key, t) in seen:
            raise InputError(
                f"{here}: instance {key[1]} of video {video_id} has two annotations in frame {t}, or its annotations "
                "differ in category_id or iscrowd; give each object its own instance_id."
            )
        seen.add((*key, t))
        rle = to_rle(entry.get("segmentation"), video.height, video.width, f"{here}, frame {t}")
        track.segmentations[t] = rle
        if rle is not None:
            box, of_mask = entry.get("bbox"), boxes_of([rle])[0]
            given = box_in_frame(box, video, here, tolerance) if box else None
            track.boxes[t] = of_mask if given is None else given
            if given is not None:
                fit.add(box, of_mask, video)
            areas.setdefault(key, {})[t] = area_of(entry, here)
    fit.check(where)
    for key, known in areas.items():
        if None not in known.values():
            tracks[key].areas = [known.get(t) for t in range(len(tracks[key].segmentations))]
    return by_video
