"""Reads and checks COCO instance files; every image becomes a video of one frame."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from mmvis_ext.structures.rle import boxes_of, to_rle
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.parallel import map_in_processes

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
)
from .json_file import load_json
from .records import AnnotationFile, TrackAnnotation, VideoRecord
from .tolerance import Tolerance
from .youtube_vis import read_categories

__all__ = ["read_image_file"]

TOGETHER = 512  # images that a process reads at a time


def read_image_file(path: str | Path, *, workers: int | None = None, strict: bool = False) -> AnnotationFile:
    """Read a COCO instance file, whose masks may be polygons or RLE, crowds included.

    The id of an image is also that of its video. The objects of an image become tracks 0, 1, ... in the file's order,
    since annotation ids may not fit 32 bits. An object whose mask covers no pixel counts as absent.

    Args:
        path: of the JSON file.
        workers: processes that read the masks; one per core by default.
        strict: refuse a box with a side of zero (COCO has a few); otherwise the box of the mask replaces it, with a
            warning.

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
        read = partial(_read_images, where, {c["id"] for c in categories}, strict)
        items = [(images[image_id], entries) for image_id, entries in belonging.items()]
        parts = [items[i : i + TOGETHER] for i in range(0, len(items), TOGETHER)]
        tolerance = Tolerance(where, strict)
        for records, mended in map_in_processes(read, parts, workers=workers):
            images.update((record.id, record) for record in records)
            tolerance.add([mended])
        tolerance.warn()
    return AnnotationFile(where, categories, list(images.values()))


def _by_image(entries: list, images: dict[int, VideoRecord], where: str) -> dict[int, list[dict]]:
    """The annotations of each image, which may be none."""
    require_unique(
        (require(a, "id", int, f"{where}: annotations[{i}]") for i, a in enumerate(entries)), "annotation", where
    )
    belonging: dict[int, list[dict]] = {image_id: [] for image_id in images}
    for entry in entries:
        belonging[owner_of(entry, images, "image_id", f"{where}: annotation {entry['id']}").id].append(entry)
    return belonging


def _read_images(
    where: str, category_ids: set[int], strict: bool, items: list[tuple[VideoRecord, list[dict]]]
) -> tuple[list[VideoRecord], Tolerance]:
    tolerance, fit = Tolerance(where, strict), BoxFit()
    records = [
        replace(image, tracks=[_track(i, e, image, category_ids, where, tolerance, fit) for i, e in enumerate(entries)])
        for image, entries in items
    ]
    fit.check(where)
    return records, tolerance


def _track(
    number: int,
    entry: dict,
    image: VideoRecord,
    category_ids: set[int],
    where: str,
    tolerance: Tolerance,
    fit: BoxFit,
) -> TrackAnnotation:
    here = f"{where}: annotation {entry['id']}"
    rle = to_rle(entry.get("segmentation"), image.height, image.width, f"{here} ({image.file_names[0]})")
    boxes = boxes_of([rle]).astype(np.float64)
    box = entry.get("bbox")
    if rle is not None and box:
        corners = box_in_frame(box, image, here, tolerance)
        if corners is not None:
            fit.add(box, boxes[0], image)
            boxes[0] = corners
    crowd = crowd_of(entry, here)
    area = area_of(entry, here)
    areas = None if area is None else [area if rle is not None else None]
    return TrackAnnotation(number, category_of(entry, category_ids, here), [rle], boxes, crowd, areas)
