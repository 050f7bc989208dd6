"""Reads sequences of the Cell Tracking Challenge from their official folders: grey frames, markers and masks."""

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from mmengine.logging import print_log

from mmvis_ext.structures.rle import RLE, boxes_of, encode
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.parallel import map_in_processes

from .cell_lives import check_living, read_lives
from .cell_masks import FrameMasks, border_band, gold_in_tracks, join_masks, silver_in_tracks
from .cell_tracking_files import TruthFiles, frame_files, truth_files
from .frames import sequence_size
from .records import TrackAnnotation, VideoRecord
from .tif import labels_in, read_labels
from .tolerance import Tolerance

__all__ = ["CELL", "MASKS", "CellSource", "read_cell_videos"]

CELL: dict[str, Any] = dict(id=1, name="cell")
"""The only category."""

MASKS = ("gold", "silver", "marker")
"""Where the mask of a cell can come from: ``01_GT/SEG``, ``01_ST/SEG``, or the markers themselves, ``01_GT/TRA``."""


class CellSource(NamedTuple):
    """What is read of a data set.

    Attributes:
        root: folder with ``01``, ``01_GT`` and ``01_ST``.
        frames: number of the first frame, and that of the first one not to be read any more; ``None`` for all.
        masks: of :data:`MASKS`, the preferred one first.
        border: pixels along the frame's edge in which not every cell is annotated.
        strict: refuse what is otherwise mended with a warning.
    """

    root: str
    frames: tuple[int, int] | None = None
    masks: Sequence[str] = ("gold", "silver")
    border: int = 0
    strict: bool = False


def read_cell_videos(source: CellSource, names: Sequence[str], workers: int | None = None) -> list[VideoRecord]:
    """Read sequences as videos with ids from 1 and one track per label of the markers.

    The image ids are the numbers of the frames. ``tracks`` is ``None`` where a sequence has no truth. What is void, see
    :func:`join_masks`; the ``border`` is void as well where no mask is.

    Args:
        source: what is read.
        names: of the sequences, such as ``01``.
        workers: processes; one per core by default.

    Raises:
        InputError: a file is missing, broken or contradicts another one, or a sequence has fewer frames than are asked
            for.
    """
    tasks = list(enumerate(names, 1))
    read = map_in_processes(partial(_read_video, source), tasks, workers=workers)
    tolerance = Tolerance(source.root, source.strict)
    tolerance.add(mended for _, mended in read)
    tolerance.warn()
    for name, (video, _) in zip(names, read, strict=True):
        if video.tracks == []:
            print_log(
                f"{os.path.join(source.root, name)}: no frame has a mask from {', '.join(source.masks)}; where the "
                "markers are whole cells, add 'marker' to masks.",
                "current",
                logging.WARNING,
            )
    return [video for video, _ in read]


def _read_video(source: CellSource, task: tuple[int, str]) -> tuple[VideoRecord, Tolerance]:
    """A sequence, and what was mended of it."""
    number, name = task
    frames = frame_files(source.root, name)
    truth = truth_files(os.path.join(source.root, f"{name}_GT"), len(frames))
    first, stop = source.frames or (0, len(frames))
    if stop > len(frames):
        raise InputError(
            f"{os.path.join(source.root, name)}: has {len(frames)} frames, but frames={source.frames} asks for those "
            f"from {first} to {stop - 1}; correct the config."
        )
    paths = frames[first:stop]
    height, width = sequence_size(paths)
    if 2 * source.border >= min(height, width):
        raise InputError(f"{paths[0]}: a border of {source.border} pixels leaves nothing of it; correct the config.")
    file_names = [f"{name}/{os.path.basename(path)}" for path in paths]
    video = VideoRecord(number, height, width, file_names, list(range(first, stop)), tracks=None)
    tolerance = Tolerance(source.root, source.strict)
    if truth is not None:
        video = _with_tracks(video, truth.only(range(first, stop)), source, tolerance)
    return video, tolerance


def _with_tracks(video: VideoRecord, truth: TruthFiles, source: CellSource, tolerance: Tolerance) -> VideoRecord:
    """Give a sequence its cells."""
    lives = read_lives(truth.lineage)
    length = len(truth.numbers)
    masks: dict[int, list[RLE | None]] = {}
    void: list[RLE | None] = [None] * length
    seen: set[int] = set()
    for t in range(length):
        markers = _map(truth.markers[t], video)
        seen |= check_living(markers, lives, truth.numbers[t], truth.markers[t], "man_track.txt", tolerance)
        frame = _frame_masks(markers, truth, t, video, source, tolerance)
        if frame.void.any():
            (void[t],) = encode(frame.void[None])
        labels = labels_in(frame.labels)
        # column-major, as the encoder takes masks, so that it makes no copy
        across = np.ascontiguousarray(frame.labels.T)
        rles = encode((across == labels[:, None, None]).transpose(0, 2, 1)) if len(labels) else []
        for label, rle in zip(labels.tolist(), rles, strict=True):
            masks.setdefault(label, [None] * length)[t] = rle
    for label, life in lives.items():
        if label not in seen and any(life.begin <= n <= life.end for n in truth.numbers):
            raise InputError(
                f"{truth.lineage}: track {label} lives from frame {life.begin} to {life.end}, but no pixel of the "
                "markers has its label; fetch the truth again."
            )
    tracks = [
        TrackAnnotation(i, CELL["id"], masks[i], boxes_of(masks[i]), parent=lives[i].parent or None)
        for i in sorted(masks)
    ]
    return replace(video, tracks=tracks, void=void if any(void) else None)


def _map(path: str, video: VideoRecord) -> np.ndarray:
    labels = read_labels(path)
    if labels.shape != (video.height, video.width):
        raise InputError(
            f"{path}: has {labels.shape[1]}x{labels.shape[0]} pixels, but its frame {video.width}x{video.height}; "
            "fetch frames and truth of the same resolution."
        )
    return labels


def _frame_masks(
    markers: np.ndarray, truth: TruthFiles, t: int, video: VideoRecord, source: CellSource, tolerance: Tolerance
) -> FrameMasks:
    """The masks of a frame from the sources that are asked for, and what is void."""
    unknown = border_band(video.height, video.width, source.border)
    maps = []
    for kind in source.masks:
        path = dict(gold=truth.gold[t], silver=truth.silver[t]).get(kind)
        if kind == "marker":
            maps.append(markers)
        elif path is not None:
            content = _map(path, video)
            in_tracks = gold_in_tracks if kind == "gold" else silver_in_tracks
            own, strays = in_tracks(content, markers)
            unknown |= np.isin(content, strays)
            for label in strays.tolist():
                tolerance.mend(
                    f"{kind} masks of no marker or of several, whose pixels are void",
                    f"{path}, mask {label}",
                    f"{path}: the mask {label} belongs to no single marker of its frame; correct it.",
                )
            maps.append(own)
    return join_masks(markers, maps, unknown)
