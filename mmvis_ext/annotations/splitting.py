"""Holds out a part of a training set for validation: whole videos, with the classes spread evenly.

The annotations of the benchmarks' test splits are not published, so figures without their server need a part of
``train``.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mmvis_ext.utils.dice import Dice
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_file, write_atomically

from .json_file import load_json
from .youtube_vis import read_annotations

__all__ = ["ClassCount", "Split", "hold_out", "split_annotation_file", "write_split"]

PARTS = 1000  # the fraction is counted in thousandths, so that costs are integers, equal on every machine
MISSING = 10**12  # cost of a class that one side lacks: more than that of any deviation
ATTEMPTS = 10  # random starts that are tried while a side lacks a class


class ClassCount(NamedTuple):
    """Videos and tracks of one class on both sides."""

    name: str
    train_videos: int
    val_videos: int
    train_tracks: int
    val_tracks: int


class Split(NamedTuple):
    """Both parts in the form of the file that they come from, and how the classes are spread."""

    train: dict[str, Any]
    val: dict[str, Any]
    classes: list[ClassCount]


def split_annotation_file(path: str | Path, fraction: float = 0.15, seed: int = 0) -> Split:
    """Split an annotation file by video, stratified by class.

    Every entry of videos, images and annotations goes unchanged to one side; everything else in the file goes to
    both. The same file, fraction and seed give the same split on any machine.

    Args:
        path: JSON in the official or the CocoVID form.
        fraction: share of the videos that is held out, in (0, 1).
        seed: 0 or more.

    Raises:
        InputError: the file is broken or contradicts itself, as :func:`read_annotation_file` says, it has fewer than
            two videos, or a number is out of range.
    """
    if not 0 < fraction < 1:
        raise InputError(f"A held-out fraction of {fraction} leaves one side empty; take a number between 0 and 1.")
    if seed < 0:
        raise InputError(f"Seed {seed} is out of range; take 0 or more.")
    where, data = str(path), load_json(path)
    file = read_annotations(data, where)
    videos = [video.id for video in file.videos]
    if len(videos) < 2:
        raise InputError(f"{where}: {len(videos)} videos cannot be split; at least two are needed.")
    owners = _owners(data, videos)
    tracks = {(video.id, track.id, track.category_id) for video in file.videos for track in video.tracks or ()}
    classes = sorted({category for _, _, category in tracks})
    held_out = {videos[i] for i in hold_out(_membership(videos, tracks, classes), fraction, seed)}
    train, val = (_part(data, owners, [v for v in videos if (v in held_out) == side]) for side in (False, True))
    return Split(train, val, _count(file.categories, tracks, held_out))


def write_split(split: Split, train: Path, val: Path) -> None:
    """Write both parts, or neither.

    Raises:
        InputError: a file cannot be written.
    """
    for path in (train, val):
        if path.is_dir():
            raise InputError(f"{path}: is a folder; give the name of the file to write.")
    with atomic_file(train) as file:
        file.write(json.dumps(split.train).encode())
        file.flush()
        os.fsync(file.fileno())  # so that, once the other file is written, this one only has to be renamed
        write_atomically(val, json.dumps(split.val).encode())


def hold_out(shows: np.ndarray, fraction: float, seed: int) -> list[int]:
    """Choose the videos to hold out.

    The search starts from a seeded random choice. It then exchanges two videos between the sides, or moves one,
    whichever improves the choice most, until nothing improves it. What counts first is that every class shown by two
    or more videos is on both sides, then that the held-out share of each class and of all videos is close to
    ``fraction``.

    Args:
        shows: (V, K) bool, whether a video shows a class.
        fraction: in (0, 1).
        seed: 0 or more.

    Returns:
        Indices of the held-out videos, in ascending order.
    """
    columns = np.concatenate([shows, ~shows.any(1, keepdims=True), np.ones((len(shows), 1), bool)], axis=1)
    columns = columns.astype(np.int64)  # two more columns: videos without objects, and all videos
    demanded = np.append(np.ones(shows.shape[1], bool), [False, True])
    goal = _Goal(columns.sum(0), round(fraction * PARTS), demanded)
    best, least = [], None
    for attempt in range(ATTEMPTS):
        dice = Dice(seed, attempt)
        number = min(max(round(fraction * len(shows)), 1), len(shows) - 1)
        chosen, cost = _climb(columns, goal, dice.shuffled(range(len(shows)))[:number])
        if least is None or cost < least:
            best, least = chosen, cost
        if least < MISSING:
            break
    return sorted(best)


class _Goal(NamedTuple):
    """The aim for K columns: their totals, the share to hold out in thousandths, and which must be on both sides."""

    totals: np.ndarray
    parts: int
    demanded: np.ndarray

    def cost(self, counts: np.ndarray) -> np.ndarray:
        """(K,) cost of each column when ``counts`` (K,) of its videos are held out."""
        missing = self.demanded & (self.totals > 1) & ((counts < 1) | (counts >= self.totals))
        return np.abs(PARTS * counts - self.parts * self.totals) + MISSING * missing


def _climb(columns: np.ndarray, goal: _Goal, chosen: Iterable[int]) -> tuple[list[int], int]:
    """Improve a choice until no single step helps; returns it and its cost.

    A step holds out one more video and gives one back. ``nobody``, a row of zeros, stands for no video, so that a step
    may also move a single one. Each step changes a column's count by -1, 0 or 1, so the gains of all steps come out of
    matrix products.
    """
    held = np.zeros(len(columns), bool)
    held[list(chosen)] = True
    nobody = np.zeros((1, columns.shape[1]), np.int64)
    while True:
        counts = columns[held].sum(0)
        now, more, less = (goal.cost(counts + step) for step in (0, 1, -1))
        back, new = np.flatnonzero(held), np.flatnonzero(~held)
        given, taken = (np.concatenate([columns[i], nobody]) for i in (back, new))
        gain = (given @ (less - now))[:, None] + taken @ (more - now) + (given * (2 * now - more - less)) @ taken.T
        row, column = np.unravel_index(np.argmin(gain), gain.shape)
        if gain[row, column] >= 0:
            return back.tolist(), int(now.sum())
        held[back[row : row + 1]] = False
        held[new[column : column + 1]] = True


def _owners(data: dict, videos: list[int]) -> dict[str, list[int]]:
    """The video that each entry of ``videos``, ``images`` and ``annotations`` of a checked file belongs to."""
    owners = dict(videos=videos)
    key, known = "video_id", {video: video for video in videos}
    if "images" in data:
        owners["images"] = [image["video_id"] for image in data["images"]]
        key, known = "image_id", {image["id"]: image["video_id"] for image in data["images"]}
    if data.get("annotations") is not None:
        owners["annotations"] = [known[annotation[key]] for annotation in data["annotations"]]
    return owners


def _membership(videos: list, tracks: set[tuple], classes: list) -> np.ndarray:
    shown = {(video, category) for video, _, category in tracks}
    return np.array([[(v, c) in shown for c in classes] for v in videos], dtype=bool).reshape(len(videos), len(classes))


def _part(data: dict, owners: dict[str, list], videos: list) -> dict:
    kept = set(videos)
    return {
        key: [e for e, owner in zip(value, owners[key], strict=True) if owner in kept] if key in owners else value
        for key, value in data.items()
    }


def _count(categories: list[dict], tracks: set[tuple], held_out: set) -> list[ClassCount]:
    """In the order of the file's categories."""
    track_counts = Counter((category, video in held_out) for video, _, category in tracks)
    video_counts = Counter((c, v in held_out) for v, c in {(video, category) for video, _, category in tracks})
    return [
        ClassCount(
            c["name"], *(counts[c["id"], side] for counts in (video_counts, track_counts) for side in (False, True))
        )
        for c in categories
    ]
