"""Reads DAVIS 2019 (unsupervised) from its official folders: per sequence one of frames and one of indexed PNGs."""

import logging
import os
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from mmengine.logging import print_log
from PIL import Image

from mmvis_ext.structures.rle import RLE, boxes_of, encode
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.parallel import map_in_processes

from .index_png import VOID, read_index_map
from .lists import names_with
from .records import TrackAnnotation, VideoRecord

__all__ = ["OBJECT", "read_davis_videos"]

OBJECT: dict[str, Any] = dict(id=1, name="object")
"""The only category: DAVIS does not name what its objects are."""


class _Folders(NamedTuple):
    """The folders that hold the sequences' frames and their PNGs; ``None`` for a set without annotations."""

    images: str
    annotations: str | None


def read_davis_videos(
    names: Sequence[str], images: str, annotations: str, workers: int | None = None
) -> list[VideoRecord]:
    """Read sequences as videos with ids from 1 and one track per object.

    A track's id is the index of the object in the PNGs. Void pixels belong to no track; a warning names the frames that
    are void throughout. Where no sequence has a folder of annotations, as in the test sets, ``tracks`` is ``None``.

    Args:
        names: of the sequences.
        images: folder with a folder of ``.jpg`` files for each sequence.
        annotations: folder with a folder of ``.png`` files for each sequence, named like its frames.
        workers: processes; one per core by default.

    Raises:
        InputError: a sequence, a frame or a PNG is missing, a PNG is broken, has no palette or another size than its
            frame, frames of a sequence differ in size, or the object ids of a sequence have a gap.
    """
    annotated = any(os.path.isdir(os.path.join(annotations, name)) for name in names)
    folders = _Folders(images, annotations if annotated else None)
    read = map_in_processes(partial(_read_video, folders), list(enumerate(names, 1)), workers=workers)
    void = [path for _, paths in read for path in paths]
    if void:
        print_log(
            f"{void[0]}: is void throughout, as {len(void)} annotations of the list are; these frames show no object.",
            "current",
            logging.WARNING,
        )
    return [video for video, _ in read]


def _read_video(folders: _Folders, task: tuple[int, str]) -> tuple[VideoRecord, list[str]]:
    """A sequence, and the paths of its PNGs that are void throughout."""
    number, name = task
    folder = os.path.join(folders.images, name)
    frames = names_with(folder, ".jpg")
    if not frames:
        state = "holds no .jpg files" if os.path.isdir(folder) else "the sequence is missing"
        raise InputError(f"{folder}: {state}; fetch it again, check data_prefix.img_path, or remove it from the list.")
    height, width = _frame_size(folder, frames)
    tracks = None
    void: list[str] = []
    if folders.annotations is not None:
        pngs = _pngs(os.path.join(folders.annotations, name), frames)
        tracks, void = _read_tracks(pngs, height, width)
    file_names = [f"{name}/{frame}.jpg" for frame in frames]
    return VideoRecord(number, height, width, file_names, list(range(len(frames))), tracks), void


def _frame_size(folder: str, frames: list[str]) -> tuple[int, int]:
    """Height and width in pixels, from the headers of the frames, which must all have the same size."""
    first = None
    for frame in frames:
        path = os.path.join(folder, f"{frame}.jpg")
        try:
            with Image.open(path) as image:
                size = image.height, image.width
        except OSError:
            raise InputError(f"{path}: is no readable image; fetch the frame again.") from None
        first = first or size
        if size != first:
            raise InputError(
                f"{path}: has {size[1]}x{size[0]} pixels, but the sequence's first frame {first[1]}x{first[0]}; one "
                "sequence has one size, so fetch it again."
            )
    assert first is not None
    return first


def _pngs(folder: str, frames: list[str]) -> list[str]:
    """Paths of the PNGs: one for each frame, and none without a frame."""
    pngs = names_with(folder, ".png")
    if not pngs:
        raise InputError(
            f"{folder}: holds no annotations, which other sequences of the list have; fetch them, or remove the "
            "sequence from the list."
        )
    missing, odd = sorted(set(frames) - set(pngs)), sorted(set(pngs) - set(frames))
    if missing:
        raise InputError(
            f"{os.path.join(folder, missing[0])}.png: the annotation is missing, which other frames of the sequence "
            "have; fetch the sequence again."
        )
    if odd:
        raise InputError(f"{os.path.join(folder, odd[0])}.png: has no frame; fetch the sequence's frames again.")
    return [os.path.join(folder, f"{frame}.png") for frame in frames]


def _read_tracks(pngs: list[str], height: int, width: int) -> tuple[list[TrackAnnotation], list[str]]:
    """The objects of a sequence, and the paths of its PNGs that are void throughout."""
    void: list[str] = []
    masks: dict[int, list[RLE | None]] = {}
    for t, path in enumerate(pngs):
        index_map = read_index_map(path)
        if index_map.shape != (height, width):
            raise InputError(
                f"{path}: has {index_map.shape[1]}x{index_map.shape[0]} pixels, but its frame {width}x{height}; fetch "
                "annotations and frames of the same resolution."
            )
        counts = np.bincount(index_map.ravel(), minlength=VOID + 1)
        if counts[VOID] == index_map.size:
            void.append(path)
        ids = np.flatnonzero(counts[1:VOID]) + 1
        # column-major, as the encoder takes masks, so that it makes no copy
        across = np.ascontiguousarray(index_map.T)
        rles = encode((across == ids[:, None, None]).transpose(0, 2, 1)) if len(ids) else []
        for i, rle in zip(ids.tolist(), rles, strict=True):
            masks.setdefault(i, [None] * len(pngs))[t] = rle
    absent = sorted(set(range(1, max(masks, default=0))) - set(masks))
    if absent:
        raise InputError(
            f"{os.path.dirname(pngs[0])}: shows the objects {sorted(masks)} but never {absent[0]}; number the objects "
            "of a sequence 1, 2, ... without gaps."
        )
    return [TrackAnnotation(i, OBJECT["id"], masks[i], boxes_of(masks[i])) for i in sorted(masks)], void
