"""Writes tracks in the form of the Cell Tracking Challenge: a map of labels per frame, and a table of lives."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmvis_ext.annotations.cell_lives import Life, write_lives
from mmvis_ext.annotations.tif import MOST_LABELS, label_tif, labels_in
from mmvis_ext.structures.rle import RLE
from mmvis_ext.structures.tracks import VideoTracks
from mmvis_ext.utils.errors import InputError

from .davis_submission import index_maps
from .results_folder import check_results_folder

__all__ = ["CellTracks", "best_cells", "check_cell_folder", "divide", "label_maps", "write_cells"]

RESULT = re.compile(r"[^/]+_RES/(mask\d+\.tif|res_track\.txt)")


class CellTracks(NamedTuple):
    """The tracks of a sequence, best first.

    Attributes:
        masks: of each one, a compressed RLE or ``None`` per frame.
        parents: of each one, the place in this list of the track that it comes from by division, or ``None``.
    """

    masks: list[list[RLE | None]]
    parents: list[int | None]


def check_cell_folder(path: str | Path) -> Path:
    """Check that a folder can take results, and return its path; see :func:`check_results_folder`.

    Truth has other names, so a folder with truth in it is refused.

    Raises:
        InputError: it is a file, holds something else than ``01_RES`` and the like, or cannot be written.
    """
    return check_results_folder(path, "the Cell Tracking Challenge", lambda name: bool(RESULT.fullmatch(name)))


def best_cells(tracks: VideoTracks, min_score: float = 0.0) -> CellTracks:
    """The tracks that any frame shows, sorted by the score of their best class; equals keep their order.

    Args:
        tracks: of a video.
        min_score: tracks whose best class scores less are left out.

    Raises:
        InputError: the tracks have boxes alone.
    """
    if any(track.segmentations is None for track in tracks):
        raise InputError(
            "the Cell Tracking Challenge compares masks, but the model gives boxes alone; test a model with a mask "
            "branch."
        )
    kept = [track for track in tracks if track.visible.any() and track.scores.max() >= min_score]
    kept.sort(key=lambda track: -track.scores.max())
    places = {track.track_id: place for place, track in enumerate(kept)}
    parents = [None if track.parent is None else places.get(track.parent) for track in kept]
    return CellTracks([track.segmentations or [] for track in kept], parents)


def label_maps(
    tracks: CellTracks, size: tuple[int, int], length: int
) -> tuple[dict[int, Life], Iterator[np.ndarray]]:  # fmt: skip
    """The tracks as the challenge takes them. A pixel has one label: where masks overlap, the better track has it.

    Args:
        tracks: of a sequence.
        size: (H, W) of the frames.
        length: number of frames.

    Returns:
        The lives by label, and (H, W) uint16 maps, one per frame.

    Raises:
        InputError: see :func:`divide`.
    """

    def places() -> Iterator[np.ndarray]:
        return index_maps(tracks.masks, size, length, np.uint16)

    seen = np.zeros((len(tracks.masks), length), bool)
    for t, places_of_frame in enumerate(places()):
        seen[labels_in(places_of_frame).astype(int) - 1, t] = True
    labels, lives = divide(seen, tracks.parents)
    return lives, (labels[:, t][places_of_frame] for t, places_of_frame in enumerate(places()))


def divide(seen: np.ndarray, parents: Sequence[int | None]) -> tuple[np.ndarray, dict[int, Life]]:
    """Give labels to tracks. A label must be in every frame from its begin to its end.

    So where a track is away for some frames, it goes on under a new label, whose parent is the label before. The parent
    of a track's first label is, if it comes from a division, the last label of the other track that ended before.

    Args:
        seen: (N, T) bool, the frames that show each track.
        parents: of each track, the place of the track that it comes from by division, or ``None``.

    Returns:
        (N + 1, T) uint16, the labels of background and tracks in each frame, 0 where a track is absent; and the lives.

    Raises:
        InputError: there are more labels than 16 bits hold.
    """
    labels = np.zeros((len(seen) + 1, seen.shape[1]), np.uint16)
    own: list[list[int]] = []  # the labels of each track, in time order
    lives: dict[int, Life] = {}
    for place, row in enumerate(seen):
        changes = np.flatnonzero(np.diff(row, prepend=False, append=False)).tolist()
        own.append([])
        for begin, stop in zip(changes[::2], changes[1::2], strict=True):
            label = len(lives) + 1
            if label > MOST_LABELS:
                raise InputError(
                    f"the tracks of a sequence need more than {MOST_LABELS} labels, which the Cell Tracking Challenge "
                    "cannot write; set a higher min_score."
                )
            labels[place + 1, begin:stop] = label
            lives[label] = Life(begin, stop - 1, 0)
            own[-1].append(label)
    for place, parent in enumerate(parents):
        links = list(pairwise(own[place]))
        if parent is not None and own[place]:
            begin = lives[own[place][0]].begin
            links += [(label, own[place][0]) for label in own[parent] if lives[label].end < begin][-1:]
        for before, label in links:
            lives[label] = lives[label]._replace(parent=before)
    return labels, lives


def write_cells(folder: Path, lives: dict[int, Life], maps: Iterable[np.ndarray], length: int) -> None:
    """Write ``mask000.tif`` and so on, and ``res_track.txt``.

    Args:
        folder: such as ``01_RES``; it is made.
        lives: by label.
        maps: (H, W) uint16 for each frame.
        length: number of frames; above a thousand, names have four digits.
    """
    folder.mkdir(parents=True)
    digits = max(3, len(str(length - 1)))
    for t, labels in enumerate(maps):
        (folder / f"mask{t:0{digits}d}.tif").write_bytes(label_tif(labels))
    (folder / "res_track.txt").write_bytes(write_lives(lives))
