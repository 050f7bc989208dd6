"""COCO JSON of video tools: images that belong to videos, and annotations with a track id; read and written."""

import json
import posixpath
from pathlib import Path
from typing import Any

from mmvis_ext.annotations.checks import (
    MAX_SIDE,
    crowd_of,
    entries_of,
    frame_size,
    is_number,
    owner_of,
    require,
    require_unique,
)
from mmvis_ext.annotations.converters import record_annotations, record_images
from mmvis_ext.annotations.json_file import load_json
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.annotations.youtube_vis import read_categories
from mmvis_ext.structures.rle import RLE, to_rle
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import write_atomically

from .drafts import VideoDraft, gathered
from .frame_folders import in_order
from .source import Source

__all__ = ["read_coco_tracks", "write_coco_tracks"]


def read_coco_tracks(source: Source) -> AnnotationFile:
    """Read one JSON file.

    Images with the same ``video_id`` are a video, in the order of ``frame_id``. Where images have none, those of one
    folder are a video, in the order of the numbers in their names. The track id is an annotation's ``track_id``,
    ``attributes.track_id`` or ``instance_id``. With ``track_by="label"`` each category is one track of a video.

    An annotation without ``segmentation`` is a box. Categories keep their order and get ids from 1.

    Raises:
        InputError: the file is broken or contradicts itself, or an annotation has no track id.
    """
    data, where = load_json(source.path), source.where
    if not isinstance(data, dict) or "images" not in data:
        raise InputError(f"{where}: has no 'images', so it is no COCO file; give the JSON that your tool has exported.")
    names = {c["id"]: c["name"] for c in read_categories(data, where)}
    videos, places = _videos(data, where)
    annotations = entries_of(data, "annotations", where)
    for i, entry in enumerate(annotations):
        here = f"{where}: annotations[{i}]"
        require(entry, "image_id", int, here)
        video, t = owner_of(entry, places, "image_id", here)
        label = owner_of(entry, names, "category_id", here)
        key = label if source.track_by == "label" else _track_id(entry, here)
        video.add(key, label, t, _shape(entry, video.size, here), here, crowd_of(entry, here))
    return gathered(source, videos, list(names.values()))


def _videos(data: dict, where: str) -> tuple[list[VideoDraft], dict[int, tuple[VideoDraft, int]]]:
    """The videos, and for each image id its video and the index of its frame."""
    images = entries_of(data, "images", where)
    require_unique((require(e, "id", int, f"{where}: images[{i}]") for i, e in enumerate(images)), "image", where)
    by_id = any("video_id" in entry for entry in images)
    belonging: dict[Any, list[tuple[Any, dict]]] = {}
    for entry in images:
        here = f"{where}: image {entry['id']}"
        name = require(entry, "file_name", str, here).replace("\\", "/")
        if by_id:
            order = require(entry, "frame_id", int, here)
            belonging.setdefault(require(entry, "video_id", int, here), []).append((order, entry))
        else:
            belonging.setdefault(posixpath.dirname(name), []).append((in_order(name), entry))
    drafts: list[VideoDraft] = []
    places: dict[int, tuple[VideoDraft, int]] = {}
    for video, members in belonging.items():
        here = f"{where}: video {video!r}"
        if by_id:
            require_unique((order for order, _ in members), "frame", here)
        members.sort(key=lambda pair: pair[0])
        sizes = [frame_size(entry, f"{where}: image {entry['id']}") for _, entry in members]
        if set(sizes) != {sizes[0]}:
            raise InputError(f"{here}: its frames have different sizes; give all frames of a video one size.")
        drafts.append(VideoDraft(sizes[0], [entry["file_name"].replace("\\", "/") for _, entry in members]))
        places |= {entry["id"]: (drafts[-1], t) for t, (_, entry) in enumerate(members)}
    return drafts, places


def _track_id(entry: dict, where: str) -> int | str:
    """The track id, a number or a text."""
    attributes = entry.get("attributes")
    holders = [(entry, "track_id"), (attributes if isinstance(attributes, dict) else {}, "track_id")]
    for holder, key in [*holders, (entry, "instance_id")]:
        if holder.get(key) is not None:
            return require(holder, key, (int, str), where)
    raise InputError(
        f"{where}: has no 'track_id', which tells objects apart over time; export the file with tracks, or add "
        "--track-by label where a video has one object of each category."
    )


def _shape(entry: dict, size: tuple[int, int], where: str) -> RLE | list[float] | None:
    if entry.get("segmentation"):
        return to_rle(entry["segmentation"], *size, where)
    box = entry.get("bbox")
    if not isinstance(box, list) or len(box) != 4 or not all(is_number(v) and abs(v) <= 2 * MAX_SIDE for v in box):
        raise InputError(f"{where}: has neither a 'segmentation' nor a 'bbox' [x, y, width, height]; add one.")
    x, y, width, height = box
    return [x, y, x + width, y + height]


def write_coco_tracks(file: AnnotationFile, out: Path) -> None:
    """Write one JSON file with an image per frame and an annotation per frame and object.

    It has the keys of CocoVID (``video_id``, ``frame_id``, ``instance_id``) and also ``track_id``.

    Raises:
        InputError: tracks have boxes alone, or the file cannot be written.
    """
    if any(not track.segmentations for video in file.videos for track in video.tracks or ()):
        raise InputError(
            f"{file.path}: has tracks of boxes alone; fill them with --fill-boxes, since masks are written."
        )
    images = [image for video in file.videos for image in record_images(video)]
    for number, image in enumerate(images, 1):
        image["id"] = number
    annotations = [entry | dict(track_id=entry["instance_id"]) for entry in record_annotations(file.videos)]
    videos = [dict(id=v.id, name=posixpath.dirname(v.file_names[0]) or str(v.id)) for v in file.videos]
    data = dict(categories=file.categories, videos=videos, images=images, annotations=annotations)
    write_atomically(out, json.dumps(data).encode())
