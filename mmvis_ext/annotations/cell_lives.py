"""The table of tracks of the Cell Tracking Challenge: from when to when each one lives, and from whom it descends."""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmvis_ext.utils.errors import InputError

from .lists import read_lines
from .tif import MOST_LABELS, labels_in
from .tolerance import Tolerance

__all__ = ["Life", "check_living", "read_lives", "write_lives"]

LINE = re.compile(r"\s*(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*", re.ASCII)


class Life(NamedTuple):
    """A line of ``man_track.txt`` or ``res_track.txt``.

    Attributes:
        begin: number of the first frame that shows the track.
        end: number of the last one; every frame between shows it too.
        parent: label of the track that divided, or was lost from sight, before this one began; 0 for none.
    """

    begin: int
    end: int
    parent: int


def read_lives(path: str | Path) -> dict[int, Life]:
    """Read ``man_track.txt`` or ``res_track.txt``: a line ``label begin end parent`` for each track.

    Returns:
        The lives by label.

    Raises:
        InputError: the file is missing, or a line is no such line or contradicts another one.
    """
    lives: dict[int, Life] = {}
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        match = LINE.fullmatch(line)
        if match is None:
            raise InputError(
                f"{path}: line {number} is {line[:80]!r} and not four whole numbers, label begin end parent; "
                "correct it."
            )
        label, begin, end, parent = map(int, match.groups())
        said = _contradiction(label, begin, end, lives)
        if said is not None:
            raise InputError(f"{path}: line {number} {said}; correct it.")
        lives[label] = Life(begin, end, parent)
    for label, life in lives.items():
        if life.parent and life.parent not in lives:
            raise InputError(f"{path}: the parent {life.parent} of track {label} has no line; add it, or write 0.")
        if life.parent and lives[life.parent].end >= life.begin:
            raise InputError(
                f"{path}: track {label} begins in frame {life.begin}, but its parent {life.parent} lives up to frame "
                f"{lives[life.parent].end}; a parent ends before its children begin, so correct one of the two."
            )
    return lives


def check_living(
    labels: np.ndarray, lives: dict[int, Life], number: int, path: str, table: str, tolerance: Tolerance
) -> set[int]:
    """Check that a frame shows the tracks that live in it, and no others.

    Args:
        labels: (H, W) uint16, the map of the frame.
        lives: see :func:`read_lives`.
        number: of the frame.
        path: names the map in the error message.
        table: the name of the table there.
        tolerance: counts the tracks that are not shown, or refuses them.

    Returns:
        The labels that the frame shows.

    Raises:
        InputError: it shows a track that does not live.
    """
    found = set(labels_in(labels).tolist())
    living = {label for label, life in lives.items() if life.begin <= number <= life.end}
    for label in sorted(found - living):
        said = "has no line" if label not in lives else f"does not live in frame {number}"
        raise InputError(f"{path}: shows track {label}, which {said} in {table}; correct one of the two.")
    for label in sorted(living - found):
        tolerance.mend(
            f"tracks that a frame does not show although they live in it by {table}, which are absent there",
            f"{path}, track {label}",
            f"{path}: does not show track {label}, which by {table} lives in frame {number}; correct one of the two.",
        )
    return found


def write_lives(lives: dict[int, Life]) -> bytes:
    """The content of ``res_track.txt``, sorted by label."""
    return "".join(f"{label} {life.begin} {life.end} {life.parent}\n" for label, life in sorted(lives.items())).encode()


def _contradiction(label: int, begin: int, end: int, lives: dict[int, Life]) -> str | None:
    """What is wrong with a line, if anything."""
    if not 1 <= label <= MOST_LABELS:
        return f"has the label {label}, which is not in 1..{MOST_LABELS}"
    if label in lives:
        return f"has the label {label} of an earlier line"
    if begin > end:
        return f"lets track {label} begin in frame {begin}, after its end in frame {end}"
    return None
