"""COCO instance files, read as they are and checked as a whole: every image is a video of one frame."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from mmvis_ext.errors import InputError
from mmvis_ext.parallel import map_in_processes
from mmvis_ext.structures.rle import boxes_of, to_rle

from .annotation_file import load_json, read_categories
from .checks import box_in_frame, category_of, entries_of, frame_size, owner_of, require, require_unique
from .records import AnnotationFile, TrackAnnotation, VideoRecord

__all__ = ["OTHERS", "in_classes", "read_image_file"]

OTHERS = "*"
"""In a class map, every category that the map does not name."""

TOGETHER = 512  # images that a process reads at a time


def read_image_file(path: str | Path, *, workers: int | None = None) -> AnnotationFile:
    """Read a COCO instance file: polygons, RLE and crowds.

    Images keep their ids, as videos and as images. The objects of an image are tracks 0, 1, ... in the file's order,
    since annotation ids may not fit 32 bits. One whose mask covers no pixel is absent. A box without area, as
    COCO has a few, gives way to that of the mask.

    Args:
        path: of the JSON file.
        workers: processes that read the masks; one per core by default.

    Raises:
        InputError: the file is missing or broken, belongs to another task, or contradicts itself, as
            :func:`read_annotation_file` says.
    """
    data, where = load_json(path), str(path)
    if not isinstance(data, dict) or "images" not in data or "videos" in data:
        found = sorted(data)[:6] if isinstance(data, dict) else type(data).__name__
        raise InputError(
            f"{where}: not a file of image instances, which has 'images' and no 'videos' (found {found}); give a COCO "
            "instance file, or read videos with YouTubeVISDataset."
        )
    categories = read_categories(data, where)
    images: dict[int, VideoRecord] = {}
    for i, entry in enumerate(entries_of(data, "images", where)):
        image_id = require(entry, "id", int, f"{where}: images[{i}]")
        here = f"{where}: image {image_id}"
        name = require(entry, "file_name", str, here)
        if image_id in images:
            raise InputError(f"{where}: image id {image_id} occurs twice; ids must be unique, renumber them.")
        images[image_id] = VideoRecord(image_id, *frame_size(entry, here), [name], [image_id], tracks=None)
    if data.get("annotations") is not None:
        belonging = _by_image(entries_of(data, "annotations", where), images, where)
        read = partial(_read_images, where, {c["id"] for c in categories})
        items = [(images[image_id], entries) for image_id, entries in belonging.items()]
        parts = [items[i : i + TOGETHER] for i in range(0, len(items), TOGETHER)]
        for records in map_in_processes(read, parts, workers=workers):
            images.update((record.id, record) for record in records)
    return AnnotationFile(where, categories, list(images.values()))


def in_classes(file: AnnotationFile, class_map: Mapping[str, str | None], classes: Sequence[str]) -> AnnotationFile:
    """The file in the classes of another data set.

    A category goes to the class that ``class_map`` names, to none where that is ``None``, and otherwise to that of
    :data:`OTHERS` or, where the map has no such entry, to the class of its own name, if there is one. Objects without a
    class are left out. The classes get ids from 1.

    Args:
        file: of images.
        class_map: class, or ``None``, by category name.
        classes: names in label order.

    Raises:
        InputError: the map speaks of a category that the file lacks, or of a class that is not there.
    """
    names = {c["id"]: c["name"] for c in file.categories}
    lacking = sorted(set(class_map) - set(names.values()) - {OTHERS})
    strange = sorted({c for c in class_map.values() if c is not None} - set(classes))
    if lacking or strange:
        said = f"categories {lacking} that the file lacks" if lacking else f"classes {strange} that are not in the list"
        raise InputError(f"{file.path}: class_map names {said}; correct class_map or metainfo.classes in the config.")
    ids = {name: number for number, name in enumerate(classes, 1)}
    new_ids = {
        old: ids[new] for old, name in names.items() if (new := class_map.get(name, class_map.get(OTHERS, name))) in ids
    }
    videos = [
        replace(
            video,
            tracks=video.tracks
            and [replace(t, category_id=new_ids[t.category_id]) for t in video.tracks if t.category_id in new_ids],
        )
        for video in file.videos
    ]
    return AnnotationFile(file.path, [dict(id=number, name=name) for name, number in ids.items()], videos)


def _by_image(entries: list, images: dict[int, VideoRecord], where: str) -> dict[int, list[dict]]:
    """The annotations of each image, which may be none."""
    require_unique(
        (require(a, "id", int, f"{where}: annotations[{i}]") for i, a in enumerate(entries)), "annotation", where
    )
    belonging: dict[int, list[dict]] = {image_id: [] for image_id in images}
    for entry in entries:
        belonging[owner_of(entry, images, "image_id", f"{where}: annotation {entry['id']}").id].append(entry)
    return belonging


def _read_images(where: str, category_ids: set[int], items: list[tuple[VideoRecord, list[dict]]]) -> list[VideoRecord]:
    return [
        replace(
            image, tracks=[_track(number, entry, image, category_ids, where) for number, entry in enumerate(entries)]
        )
        for image, entries in items
    ]


def _track(number: int, entry: dict, image: VideoRecord, category_ids: set[int], where: str) -> TrackAnnotation:
    here = f"{where}: annotation {entry['id']}"
    rle = to_rle(entry.get("segmentation"), image.height, image.width, f"{here} ({image.file_names[0]})")
    boxes = boxes_of([rle])
    box = entry.get("bbox")
    if rle is not None and box and not _is_flat(box):
        boxes[0] = box_in_frame(box, image, here)
    crowd = bool(entry.get("iscrowd", 0))
    return TrackAnnotation(number, category_of(entry, category_ids, here), [rle], boxes, crowd)


def _is_flat(box: Any) -> bool:
    return isinstance(box, list) and len(box) == 4 and 0 in box[2:]
