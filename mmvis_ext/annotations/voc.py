"""Reads the segmentation part of Pascal VOC 2012 from its official folders.

Each image has a PNG of its objects and a PNG of their classes.
"""

import os
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from mmvis_ext.structures.rle import RLE, boxes_of, encode
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.parallel import map_in_processes

from .frames import frame_sizes
from .index_png import VOID, read_index_map, read_index_map_size
from .lists import read_lines, refuse_outside
from .records import TrackAnnotation, VideoRecord

__all__ = ["VOC_CLASSES", "Folders", "read_image_list", "read_voc_images"]

TOGETHER = 64  # images that a process reads at a time

VOC_CLASSES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)
"""The 20 classes; the first is 1 in the PNGs."""


class Folders(NamedTuple):
    """The folders of the ``.jpg`` images and of the ``.png`` files of their objects and of their classes.

    The three files of an image share its name.
    """

    images: str
    objects: str
    classes: str


def read_image_list(path: str) -> list[str]:
    """The images that a list in ``ImageSets/Segmentation`` names, one per line, each once, in its order.

    Raises:
        InputError: there is no such list, it cannot be read, a row is not one name or leads out of the folder, or
            there are no rows.
    """
    if not os.path.isfile(path):
        raise InputError(f"{path}: no such list of images; check ann_file and data_root.")
    rows = [line.split() for line in read_lines(path) if line.strip()]
    odd = next((" ".join(row) for row in rows if len(row) != 1), None)
    if odd is not None:
        raise InputError(
            f"{path}: has the line {odd[:80]!r}, but a row is the name of an image and no more; give one of the lists "
            "in ImageSets/Segmentation."
        )
    if not rows:
        raise InputError(f"{path}: names no image; fetch the list again.")
    for (name,) in rows:
        refuse_outside(name, path)
    return list(dict.fromkeys(name for (name,) in rows))


def read_voc_images(names: Sequence[str], folders: Folders, workers: int | None = None) -> list[VideoRecord]:
    """Read images as videos of one frame, with ids from 1 and one track per object.

    A track's id is the index of the object in the PNG; its category is the class of most of its pixels. Void pixels
    belong to no object.

    Args:
        names: of the images.
        folders: where the files lie.
        workers: processes; one per core by default.

    Raises:
        InputError: an image or a PNG is missing or broken, a PNG has no palette or another size than its image, or an
            object has no class.
    """
    numbered = list(enumerate(names, 1))
    parts = [numbered[i : i + TOGETHER] for i in range(0, len(numbered), TOGETHER)]
    read = partial(_read_images, folders)
    return [image for part in map_in_processes(read, parts, workers=workers) for image in part]


def _read_images(folders: Folders, numbered: list[tuple[int, str]]) -> list[VideoRecord]:
    records = []
    for number, name in numbered:
        sizes = _image_sizes(os.path.join(folders.images, f"{name}.jpg"))
        objects, classes = (os.path.join(folder, f"{name}.png") for folder in (folders.objects, folders.classes))
        annotated = read_index_map_size(objects)
        height, width = annotated if annotated in sizes else sizes[0]  # EXIF data may turn an image against its PNGs
        tracks, void = _read_tracks(objects, classes, (height, width))
        records.append(VideoRecord(number, height, width, [f"{name}.jpg"], [0], tracks, [void] if void else None))
    return records


def _image_sizes(path: str) -> tuple[tuple[int, int], tuple[int, int]]:
    try:
        return frame_sizes(path)
    except FileNotFoundError:
        raise InputError(f"{path}: the image is missing; check data_prefix.img_path, or fetch it again.") from None
    except OSError:
        raise InputError(f"{path}: is no readable image; fetch it again.") from None


def _read_tracks(objects_png: str, classes_png: str, size: tuple[int, int]) -> tuple[list[TrackAnnotation], RLE | None]:
    """The objects of an image of (height, width) pixels, and its void pixels."""
    maps = [read_index_map(path) for path in (objects_png, classes_png)]
    for path, index_map in zip((objects_png, classes_png), maps, strict=True):
        if index_map.shape != size:
            height, width = index_map.shape
            raise InputError(
                f"{path}: has {width}x{height} pixels, but its image {size[1]}x{size[0]}; fetch both again."
            )
    objects, classes = maps
    ids = np.unique(objects)
    ids = ids[(ids > 0) & (ids < VOID)]
    masks = objects == ids[:, None, None]
    tracks = []
    for i, mask, rle in zip(ids.tolist(), masks, encode(masks) if len(ids) else [], strict=True):
        counts = np.bincount(classes[mask], minlength=VOID + 1)[1 : len(VOC_CLASSES) + 1]
        if not counts.any():
            raise InputError(
                f"{classes_png}: has no class from 1 to {len(VOC_CLASSES)} where {objects_png} has object {i}; give "
                "the object a class, or fetch both again."
            )
        tracks.append(TrackAnnotation(i, int(counts.argmax()) + 1, [rle], boxes_of([rle])))
    void = objects == VOID
    return tracks, encode(void[None])[0] if void.any() else None
