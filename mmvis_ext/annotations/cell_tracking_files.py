"""The folders of the Cell Tracking Challenge: which files a sequence and its truth have."""

import os
import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from mmvis_ext.utils.errors import InputError

__all__ = ["TruthFiles", "frame_files", "numbered", "truth_files"]


class TruthFiles(NamedTuple):
    """The files of the truth of T frames.

    Attributes:
        lineage: path of ``man_track.txt``.
        numbers: of the frames, as in the names of their files.
        markers: path of each frame's markers (TRA).
        gold: path of each frame's gold masks (SEG), ``None`` where it has none.
        silver: path of each frame's silver masks (ST), likewise.
    """

    lineage: str
    numbers: list[int]
    markers: list[str]
    gold: list[str | None]
    silver: list[str | None]

    def only(self, numbers: Collection[int]) -> "TruthFiles":
        """Those of the frames with these numbers; the lineage stays whole."""
        kept = [t for t, number in enumerate(self.numbers) if number in numbers]
        markers, gold, silver = (
            [self.markers[t] for t in kept],
            [self.gold[t] for t in kept],
            [self.silver[t] for t in kept],
        )
        return TruthFiles(self.lineage, [self.numbers[t] for t in kept], markers, gold, silver)


def numbered(folder: str | Path, stem: str) -> dict[int, str]:
    """Paths of a folder's files such as ``t007.tif``, by their numbers of three or more digits, in rising order.

    Raises:
        InputError: two files have one number.
    """
    pattern, found = re.compile(rf"{stem}(\d{{3,9}})\.tif", re.ASCII), dict[int, str]()
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        match = pattern.fullmatch(name)
        if match is not None and found.setdefault(int(match[1]), name) != name:
            raise InputError(f"{folder}: holds both {found[int(match[1])]} and {name}; remove one of the two.")
    return {number: os.path.join(folder, found[number]) for number in sorted(found)}


def frame_files(root: str | Path, name: str) -> list[str]:
    """Paths of the frames of a sequence, ``ROOT/01/t000.tif`` and so on.

    Raises:
        InputError: the sequence or one of its frames is missing.
    """
    folder = os.path.join(root, name)
    frames = numbered(folder, "t")
    if not frames:
        state = "holds no t000.tif" if os.path.isdir(folder) else "the sequence is missing"
        raise InputError(f"{folder}: {state}; fetch it again, check data_root, or remove it from sequences.")
    _require_all(frames, range(max(frames) + 1), os.path.join(folder, "t{:03d}.tif"), "frame")
    return list(frames.values())


def truth_files(truth: str | Path, frames: int | None = None) -> TruthFiles | None:
    """The files of the truth of a sequence.

    Args:
        truth: its folder, such as ``ROOT/01_GT``; the silver masks lie in ``ROOT/01_ST``.
        frames: number of the sequence's frames, each of which has markers; by default as many as have some.

    Returns:
        The files, or ``None`` where there is no such folder.

    Raises:
        InputError: the markers of a frame are missing, or those of a frame that does not exist are there.
    """
    truth = Path(truth)
    if not truth.is_dir():
        return None
    markers = numbered(truth / "TRA", "man_track")
    if not markers:
        raise InputError(f"{truth / 'TRA'}: holds no man_track000.tif; fetch the truth of the sequence again.")
    count = max(markers) + 1 if frames is None else frames
    _require_all(markers, range(count), str(truth / "TRA" / "man_track{:03d}.tif"), "map of the markers")
    silver = numbered(truth.with_name(f"{truth.name.removesuffix('_GT')}_ST") / "SEG", "man_seg")
    gold = numbered(truth / "SEG", "man_seg")
    strange = next((found[n] for found in (markers, gold, silver) for n in found if n >= count), None)
    if strange is not None:
        raise InputError(f"{strange}: has no frame; fetch frames and truth of the sequence again.")
    numbers = list(range(count))
    paths = [markers[n] for n in numbers], [gold.get(n) for n in numbers], [silver.get(n) for n in numbers]
    return TruthFiles(str(truth / "TRA" / "man_track.txt"), numbers, *paths)


def _require_all(found: Collection[int], numbers: Sequence[int], pattern: str, what: str) -> None:
    missing = next((number for number in numbers if number not in found), None)
    if missing is not None:
        raise InputError(
            f"{pattern.format(missing)}: the {what} is missing, which others of the sequence have; fetch the sequence "
            "again."
        )
