"""Judges a folder of results of the Cell Tracking Challenge, such as ``01_RES``."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mmvis_ext.annotations.cell_lives import Life, check_living, read_lives
from mmvis_ext.annotations.cell_tracking_files import numbered, truth_files
from mmvis_ext.annotations.tif import read_labels
from mmvis_ext.annotations.tolerance import Tolerance
from mmvis_ext.utils.errors import InputError

from .cell_tracking_measures import evaluate_cells

__all__ = ["evaluate_cell_folder"]

TABLE = "res_track.txt"


def evaluate_cell_folder(
    results: str | Path, truth: str | Path, frames: tuple[int, int] | None = None
) -> dict[str, float]:  # fmt: skip
    """Judge the results of a sequence.

    Args:
        results: folder with ``mask000.tif`` and so on, and ``res_track.txt``.
        truth: folder such as ``01_GT``; the silver masks lie beside it in ``01_ST``.
        frames: number of the first frame of the truth that is judged, and that of the first one that is not any more;
            the results are numbered from 0 all the same. By default all.

    Returns:
        See :func:`evaluate_cells`.

    Raises:
        InputError: a folder or a file is missing or broken, or the table of the results contradicts their maps; see
            also :func:`evaluate_cells`.
    """
    files, results = truth_files(truth), Path(results)
    if files is None:
        raise InputError(f"{truth}: no such folder; give the truth of a sequence, such as 01_GT.")
    if not results.is_dir():
        raise InputError(f"{results}: no such folder; give the results of a sequence, such as 01_RES.")
    first, stop = frames or (0, len(files.numbers))
    if not 0 <= first < stop <= len(files.numbers):
        raise InputError(
            f"{truth}: has {len(files.numbers)} frames, so that those from {first} to the one before {stop} are no "
            "range of them; give another one."
        )
    files = files.only(range(first, stop))
    masks = numbered(results, "mask")
    missing = next((t for t in range(stop - first) if t not in masks), None)
    if missing is not None:
        raise InputError(
            f"{results}: holds no mask{missing:03d}.tif, but {stop - first} frames are judged; write a map for each "
            "one, also where nothing is found, numbered from 0."
        )
    if max(masks) >= stop - first:
        raise InputError(f"{masks[max(masks)]}: has no frame, as {stop - first} are judged; give those of the results.")
    lives = read_lives(results / TABLE)
    late = next((label for label, life in lives.items() if life.end >= stop - first), None)
    if late is not None:
        raise InputError(
            f"{results / TABLE}: track {late} ends in frame {lives[late].end}, after the last; correct it."
        )
    return evaluate_cells(files, _maps(masks, lives), lives, list(masks.values()))


def _maps(masks: dict[int, str], lives: dict[int, Life]) -> Iterator[np.ndarray]:
    """The maps of the results, which must show the tracks of the table."""
    for t, path in masks.items():
        labels = read_labels(path)
        check_living(labels, lives, t, path, TABLE, Tolerance(path, strict=True))
        yield labels
