"""Folders of frames, for formats that number frames and do not name them."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from mmvis_ext.annotations.frames import sequence_size
from mmvis_ext.annotations.lists import leaves_folder
from mmvis_ext.utils.errors import InputError

from .source import Source

__all__ = ["Frames", "frames_of", "in_order", "number_of", "pictures_in", "subfolders"]

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")


class Frames(NamedTuple):
    """The frames of a video: names relative to the folder of images, in time order, and (H, W) in pixels."""

    file_names: list[str]
    size: tuple[int, int]


def in_order(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts names by the numbers in them: frame_2 comes before frame_10."""
    parts = re.split(r"([0-9]+)", name)
    return [(1, int(part[-18:]), part) if i % 2 else (0, 0, part) for i, part in enumerate(parts)]


def number_of(name: str) -> int | None:
    """The last number in the name of a frame without its ending, such as 12 of ``dog/frame_000012.png``."""
    found = re.findall(r"[0-9]+", os.path.splitext(os.path.basename(name))[0])
    return int(found[-1][-18:]) if found else None


def pictures_in(folder: Path) -> list[str]:
    """Names of the pictures in a folder, in the order of their numbers; none where there is no folder."""
    try:
        return sorted((n for n in os.listdir(folder) if n.lower().endswith(ENDINGS) and n[0] != "."), key=in_order)
    except (FileNotFoundError, NotADirectoryError):
        return []


def subfolders(folder: Path) -> list[str]:
    """Names of the folders in a folder, in the order of their numbers; none where there is no folder."""
    try:
        return sorted((e.name for e in os.scandir(folder) if e.is_dir() and e.name[0] != "."), key=in_order)
    except (FileNotFoundError, NotADirectoryError):
        return []


def frames_of(source: Source, video: str, where: str, chosen: Sequence[int] | None = None) -> Frames:
    """The frames of a video in the folder ``--frames``: in its folder of that name, or in it itself.

    Args:
        source: what is read.
        video: name of the video.
        where: names its labels in the error.
        chosen: numbers of the frames that are labelled, from 0. The folder has just these, or all frames of the video.

    Raises:
        InputError: there is no such folder or no picture in it, a picture is broken, or there are too few of them.
    """
    if source.frames is None:
        raise InputError(f"{where}: names no frames; add --frames DIR, the folder with those of '{video}'.")
    if leaves_folder(video) or "/" in video or "\\" in video or video in (".", ""):
        raise InputError(f"{where}: {video[:80]!r} is no name of a folder; rename the video.")
    folder = video if (source.frames / video).is_dir() else "."
    names = pictures_in(source.frames / folder)
    if not names:
        raise InputError(
            f"{source.frames}: has no pictures in a folder '{video}' nor in itself, which {where} needs; put the "
            "video's frames there."
        )
    if chosen is not None and len(names) != len(chosen):
        last = max(chosen, default=0)
        if last >= len(names):
            raise InputError(
                f"{source.frames / folder}: has {len(names)} frames, but {where} has labels of {len(chosen)}, up to "
                f"frame {last}; extract all frames of the video."
            )
        names = [names[n] for n in chosen]
    size = sequence_size([str(source.frames / folder / name) for name in names])
    return Frames([name if folder == "." else f"{folder}/{name}" for name in names], size)
