"""Reads DAVIS from its official folders: per sequence one of frames and one of PNGs."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from mmengine.logging import print_log

from mmvis_ext.structures.rle import RLE, boxes_of, encode
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.parallel import map_in_processes

from .frames import sequence_size
from .index_png import VOID, read_foreground, read_index_map_size, read_index_maps
from .lists import names_with
from .records import TrackAnnotation, VideoRecord
from .tolerance import Tolerance

__all__ = ["OBJECT", "read_davis_videos"]

OBJECT: dict[str, Any] = dict(id=1, name="object")
"""The only category: DAVIS does not name what its objects are."""

FRAMES = (".jpg", ".jpeg", ".JPG", ".JPEG", ".png", ".PNG")
"""Endings of frames. DAVIS has the first; the first one that a sequence has is that of all its frames."""


class _Source(NamedTuple):
    """Where the sequences are.

    Attributes:
        images: folder with a folder of frames for each sequence.
        annotations: folder with a folder of PNGs for each sequence; ``None`` for a set without annotations.
        foreground: whether a PNG shows one object, see :func:`read_foreground`.
    """

    images: str
    annotations: str | None
    foreground: bool


class _Read(NamedTuple):
    """A sequence, and what is to be said about its PNGs.

    Attributes:
        video: the sequence.
        void: paths of the PNGs that are void throughout.
        with_void: path of the first PNG that has void pixels at all.
        tolerance: what was mended.
    """

    video: VideoRecord
    void: list[str]
    with_void: str | None
    tolerance: Tolerance


def read_davis_videos(
    names: Sequence[str] | Mapping[str, list[str] | None], images: str, annotations: str, workers: int | None = None,
    strict: bool = False, foreground: bool = False,
) -> list[VideoRecord]:  # fmt: skip
    """Read sequences as videos with ids from 1 and one track per object.

    A track's id is the index of the object in the PNGs. Void pixels belong to no track; a warning names the frames that
    are void throughout, and another one says so where there is void but no object in any sequence. Where no sequence
    has a folder of annotations, as in the test sets, ``tracks`` is ``None``.

    Args:
        names: of the sequences, or the frames of each, where ``None`` means all.
        images: folder with a folder of frames for each sequence, whose files end like one of :data:`FRAMES`.
        annotations: folder with a folder of ``.png`` files for each sequence, named like its frames.
        workers: processes; one per core by default.
        strict: refuse what is otherwise read with a warning: grey PNGs (see :func:`read_index_maps`), and object ids
            with a gap, which are kept as they are.
        foreground: the PNGs are those of DAVIS 2016: all that is not 0 is one object, and nothing is void.

    Raises:
        InputError: a sequence, a frame or a PNG is missing, a PNG is broken or has another size than its frame, or
            frames of a sequence differ in size.
    """
    annotated = any(os.path.isdir(os.path.join(annotations, name)) for name in names)
    source = _Source(images, annotations if annotated else None, foreground)
    frames = names if isinstance(names, Mapping) else dict.fromkeys(names)
    read = map_in_processes(partial(_read_video, source, strict), list(enumerate(frames.items(), 1)), workers=workers)
    tolerance = Tolerance(annotations, strict)
    tolerance.add(sequence.tolerance for sequence in read)
    tolerance.warn()
    void = [path for sequence in read for path in sequence.void]
    if void:
        print_log(
            f"{void[0]}: is void throughout, as {len(void)} annotations of the list are; these frames show no object.",
            "current",
            logging.WARNING,
        )
    with_void = next((sequence.with_void for sequence in read if sequence.with_void is not None), None)
    if with_void is not None and not any(sequence.video.tracks for sequence in read):
        print_log(
            f"{with_void}: has void pixels (255), and no PNG of the list shows an object; if these are binary masks, "
            "write 1 in place of 255, since objects are numbered 1, 2, ...",
            "current",
            logging.WARNING,
        )
    return [sequence.video for sequence in read]


def _read_video(source: _Source, strict: bool, task: tuple[int, tuple[str, list[str] | None]]) -> _Read:
    number, (name, listed) = task
    folder = os.path.join(source.images, name)
    ending = next((ending for ending in FRAMES if names_with(folder, ending)), FRAMES[0])
    frames = names_with(folder, ending)
    if not frames:
        state = f"holds no frames ({', '.join(FRAMES)} files)" if os.path.isdir(folder) else "the sequence is missing"
        raise InputError(f"{folder}: {state}; fetch it again, check data_prefix.img_path, or remove it from the list.")
    pngs = None if source.annotations is None else _pngs(os.path.join(source.annotations, name), frames, listed)
    if listed is not None:
        missing = sorted(set(listed) - set(frames))
        if missing:
            raise InputError(
                f"{os.path.join(folder, missing[0])}{ending}: the frame is missing, which the list names; fetch the "
                "sequence again, or remove the line."
            )
        frames = listed
    paths = [os.path.join(folder, f"{frame}{ending}") for frame in frames]
    height, width = sequence_size(paths, None if pngs is None else read_index_map_size(pngs[0]))
    file_names = [f"{name}/{frame}{ending}" for frame in frames]
    video = VideoRecord(number, height, width, file_names, list(range(len(frames))), tracks=None)
    if pngs is None:
        return _Read(video, [], None, Tolerance(source.images, strict))
    return _read_tracks(video, pngs, source.foreground, strict)


def _pngs(folder: str, frames: list[str], listed: list[str] | None) -> list[str]:
    """Paths of the PNGs: one for each frame, or for each that is listed, and none without a frame."""
    pngs = names_with(folder, ".png")
    if not pngs:
        raise InputError(
            f"{folder}: holds no annotations, which other sequences of the list have; fetch them, or remove the "
            "sequence from the list."
        )
    missing, odd = sorted(set(listed or frames) - set(pngs)), sorted(set(pngs) - set(frames))
    if missing:
        raise InputError(
            f"{os.path.join(folder, missing[0])}.png: the annotation is missing, which other frames of the sequence "
            "have; fetch the sequence again."
        )
    if odd:
        raise InputError(f"{os.path.join(folder, odd[0])}.png: has no frame; fetch the sequence's frames again.")
    return [os.path.join(folder, f"{frame}.png") for frame in (frames if listed is None else listed)]


def _read_tracks(video: VideoRecord, pngs: list[str], foreground: bool, strict: bool) -> _Read:
    """Give a sequence its objects."""
    height, width = video.height, video.width
    folder = os.path.dirname(pngs[0])
    tolerance = Tolerance(os.path.dirname(folder), strict)
    void: list[str] = []
    with_void = None
    masks: dict[int, list[RLE | None]] = {}
    unknown: list[RLE | None] = [None] * len(pngs)
    maps: Iterator[np.ndarray] = map(read_foreground, pngs) if foreground else read_index_maps(pngs, tolerance)
    for t, (path, index_map) in enumerate(zip(pngs, maps, strict=True)):
        if index_map.shape != (height, width):
            raise InputError(
                f"{path}: has {index_map.shape[1]}x{index_map.shape[0]} pixels, but its frame {width}x{height}; fetch "
                "annotations and frames of the same resolution."
            )
        counts = np.bincount(index_map.ravel(), minlength=VOID + 1)
        if counts[VOID] == index_map.size:
            void.append(path)
        if counts[VOID]:
            (unknown[t],) = encode((index_map == VOID)[None])
            with_void = with_void or path
        ids = np.flatnonzero(counts[1:VOID]) + 1
        # column-major, as the encoder takes masks, so that it makes no copy
        across = np.ascontiguousarray(index_map.T)
        rles = encode((across == ids[:, None, None]).transpose(0, 2, 1)) if len(ids) else []
        for i, rle in zip(ids.tolist(), rles, strict=True):
            masks.setdefault(i, [None] * len(pngs))[t] = rle
    absent = sorted(set(range(1, max(masks, default=0))) - set(masks))
    if absent:
        never = f"shows the objects {sorted(masks)} but never {absent[0]}"
        tolerance.mend(
            "sequences whose object ids have a gap, which are kept as they are",
            folder,
            f"{folder}: {never}; number the objects of a sequence 1, 2, ... without gaps.",
        )
    tracks = [TrackAnnotation(i, OBJECT["id"], masks[i], boxes_of(masks[i])) for i in sorted(masks)]
    return _Read(replace(video, tracks=tracks, void=unknown if with_void else None), void, with_void, tolerance)
