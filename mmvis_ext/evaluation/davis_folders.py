"""Compares truth and results of DAVIS, two folders with a folder of PNGs per sequence, on every core."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmvis_ext.annotations.lists import names_with
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.parallel import map_in_processes

from .davis_jf import SequenceFigures
from .davis_protocols import OBJECTS, Protocol

__all__ = ["evaluate_folders", "judged_list", "paired", "sequences_of", "truth_folder"]


class _Task(NamedTuple):
    """A sequence to compare: its two folders and the names of its frames, without their ending."""

    name: str
    truth: Path
    results: Path
    frames: list[str]
    protocol: Protocol


def truth_folder(root: str | Path, protocol: Protocol = OBJECTS) -> Path:
    """The folder that holds a folder per sequence: the one in the official layout, or the given one itself.

    Raises:
        InputError: there is no such folder.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root}: no such folder; give DAVIS' own, or one whose folders are sequences of PNGs.")
    return next((root / part for part in (protocol.annotations, "480p") if (root / part).is_dir()), root)


def judged_list(root: str | Path, protocol: Protocol = OBJECTS) -> Path | None:
    """Path of the list of sequences that the official evaluation judges, val; ``None`` outside the official layout."""
    path = Path(root) / protocol.val
    return path if path.is_file() else None


def evaluate_folders(
    truth: str | Path,
    results: str | Path,
    names: str | Path | None = None,
    protocol: Protocol = OBJECTS,
    *,
    workers: int | None = None,
    progress: bool = False,
) -> list[SequenceFigures]:
    """Compare two folders of sequences.

    Args:
        truth: the official layout or a folder of sequences.
        results: a folder of sequences, each with a PNG for every frame of the truth.
        names: the list of the sequences, or frames, to compare; all of the truth by default.
        protocol: the measure.
        workers: processes; one per core by default.
        progress: show a bar on stderr.

    Returns:
        The measures of each sequence, in the order of the list or, without a list, of their names.

    Raises:
        InputError: a folder, a sequence or a frame is missing, a PNG is broken, has no palette or another size than its
            truth, or there are more than 20 proposals.
    """
    root, results = truth_folder(truth, protocol), Path(results)
    if not results.is_dir():
        raise InputError(f"{results}: no such folder; give the folder of the results, with a folder per sequence.")
    sequences = dict.fromkeys(sequences_of(root)) if names is None else protocol.read_list(names)
    tasks = [_task(name, listed, root, results, protocol) for name, listed in sequences.items()]
    return map_in_processes(_evaluate, tasks, workers=workers, progress=progress, unit="sequence")


def sequences_of(root: Path) -> list[str]:
    """Sorted names of the folders that hold PNGs.

    Raises:
        InputError: there are none.
    """
    found = sorted(entry.name for entry in os.scandir(root) if entry.is_dir() and names_with(entry.path, ".png"))
    if not found:
        raise InputError(
            f"{root}: holds no folders of PNGs; give DAVIS' own folder (with Annotations_unsupervised/480p), or one "
            "whose folders are sequences."
        )
    return found


def paired(
    truth: Sequence[str | Path],
    results: Iterable[np.ndarray],
    where: Iterable[str | Path],
    protocol: Protocol = OBJECTS,
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Read the truth of a sequence as the data set reads it, and pair it with the results, frame by frame.

    Args:
        truth: PNG of each frame.
        results: (H, W) uint8 index map of each frame.
        where: names each result in error messages.
        protocol: how the truth is read.

    Yields:
        Truth and result of each frame, (H, W) uint8.

    Raises:
        InputError: a truth is missing or broken, or its size differs from the result's.
    """
    for known, result, name in zip(protocol.read_truths(truth), results, where, strict=True):
        if known.shape != result.shape:
            (height, width), (h, w) = known.shape, result.shape
            raise InputError(
                f"{name}: has {w}x{h} pixels, but its truth {width}x{height}; write results in the size of the frames."
            )
        yield known, result


def _task(name: str, listed: list[str] | None, root: Path, results: Path, protocol: Protocol) -> _Task:
    frames = names_with(root / name, ".png") if listed is None else listed
    if not frames:
        raise InputError(f"{root / name}: holds no PNGs; fetch the sequence again, or remove it from the list.")
    if not (results / name).is_dir():
        raise InputError(
            f"{results / name}: the sequence is missing in the results; write a folder for each of them, or list "
            "those to compare (--list FILE)."
        )
    missing = sorted(set(frames) - set(names_with(results / name, ".png")))
    if missing:
        raise InputError(
            f"{results / name / missing[0]}.png: the PNG is missing, as {len(missing)} of the sequence's {len(frames)} "
            "frames are; write one for every frame, also where nothing is found."
        )
    return _Task(name, root / name, results / name, frames, protocol)


def _evaluate(task: _Task) -> SequenceFigures:
    truths, results = ([folder / f"{name}.png" for name in task.frames] for folder in (task.truth, task.results))
    pairs = paired(truths, map(task.protocol.read_result, results), results, task.protocol)
    return task.protocol.evaluate(task.name, pairs, str(task.results))
