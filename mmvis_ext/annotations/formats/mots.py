"""MOTS, the segmentation task of MOTChallenge and KITTI: a text file or a folder of PNGs per video.

https://www.vision.rwth-aachen.de/page/mots
"""

from pathlib import Path

import numpy as np

from mmvis_ext.annotations.lists import read_lines
from mmvis_ext.annotations.picture import open_picture
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.structures.rle import encode, to_rle
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_folder

from .class_names import LIST, class_names, write_class_names
from .drafts import VideoDraft, gathered
from .frame_folders import frames_of, in_order, number_of, pictures_in, subfolders
from .source import Source
from .writing import tracks_of_masks, video_names

__all__ = ["CLASSES", "IGNORED", "read_mots", "write_mots"]

CLASSES = {1: "car", 2: "pedestrian"}
IGNORED = 10  # the class of regions that count neither way
PER_CLASS = 1000  # an object's number is this times its class, plus its id
LINE = "frame object_id class_id height width rle"


def read_mots(source: Source) -> AnnotationFile:
    """Read ``VIDEO.txt`` files, or folders of 16-bit PNGs ``VIDEO/000000.png`` with ``class * 1000 + id`` per pixel.

    A frame is the picture whose name has its number, so it does not matter whether numbers begin with 0 (KITTI) or 1
    (MOTChallenge). Regions of class 10, which count neither way there, become crowds.

    Classes 1 and 2 are cars and pedestrians, unless ``classes.txt`` or the names that are asked for say otherwise.

    Raises:
        InputError: a line or PNG has another form, or belongs to no frame; a mask has another size than its frame.
    """
    texts = sorted(source.path.glob("*.txt"), key=lambda p: in_order(p.name)) if source.path.is_dir() else [source.path]
    texts = [path for path in texts if path.name not in (LIST, "seqmap.txt")]
    folders = [] if texts else [name for name in subfolders(source.path) if pictures_in(source.path / name)]
    names = _numbered(class_names(source)) or CLASSES
    videos = [_from_text(source, path, names) for path in texts]
    videos += [_from_pngs(source, source.path / name, names) for name in folders]
    used = {label for video in videos for label in video.labels}
    return gathered(source, videos, [*names.values(), *sorted(used - set(names.values()))])


def _numbered(names: list[str]) -> dict[int, str]:
    """Names by the numbers of their classes, which count from 1 and leave out that of ignored regions."""
    return {i if i < IGNORED else i + 1: name for i, name in enumerate(names, 1)}


def _start(source: Source, name: str, where: str) -> tuple[VideoDraft, dict[int | None, int]]:
    """A video without objects, and the index of each frame by its number."""
    frames = frames_of(source, name, where)
    return VideoDraft(frames.size, frames.file_names), {number_of(n): t for t, n in enumerate(frames.file_names)}


def _label(number: int, names: dict[int, str]) -> str:
    """Name of a class; ignored regions, which are crowds, get the first one."""
    return next(iter(names.values())) if number == IGNORED else names.get(number, f"class {number}")


def _from_text(source: Source, path: Path, names: dict[int, str]) -> VideoDraft:
    video, places = _start(source, path.stem, str(path))
    height, width = video.size
    for i, line in enumerate(read_lines(path), 1):
        where, words = f"{path}, line {i}", line.split()
        if not words:
            continue
        if len(words) != 6 or not all(word.isascii() and word.isdecimal() and len(word) < 10 for word in words[:5]):
            raise InputError(f"{where}: is no line '{LINE}'; write five whole numbers and a compressed RLE.")
        n, track, kind, *_ = map(int, words[:5])
        if n not in places:
            raise InputError(f"{where}: no picture of {source.frames} has the frame's number {n}; extract all frames.")
        size = [int(word) for word in words[3:5]]
        rle = to_rle({"size": size, "counts": words[5]}, height, width, where)
        video.add(track, _label(kind, names), places[n], rle, where, kind == IGNORED)
    return video


def _from_pngs(source: Source, folder: Path, names: dict[int, str]) -> VideoDraft:
    video, places = _start(source, folder.name, str(folder))
    for name in pictures_in(folder):
        path = folder / name
        t = places.get(number_of(name))
        if t is None:
            raise InputError(f"{path}: no picture of {source.frames} has its number; extract all frames.")
        numbers = _read_png(path)
        if numbers.shape != video.size:
            raise InputError(
                f"{path}: has {numbers.shape[1]}x{numbers.shape[0]} pixels, but the frames "
                f"{video.size[1]}x{video.size[0]}; fetch both in the same size."
            )
        for number in np.unique(numbers[numbers > 0]).tolist():
            kind = number // PER_CLASS
            if not kind:
                raise InputError(f"{path}: holds {number}, but a pixel is class * {PER_CLASS} + id; write it again.")
            video.add(number, _label(kind, names), t, encode((numbers == number)[None])[0], str(path), kind == IGNORED)
    return video


def _read_png(path: Path) -> np.ndarray:
    """(H, W) int64, the numbers of a grey PNG of 16 bits."""
    try:
        with open_picture(path, str(path)) as image:
            numbers, mode = np.array(image).astype(np.int64), image.mode
    except OSError as error:
        raise InputError(
            f"{path}: the PNG is truncated or broken ({error.strerror or error}); fetch it again."
        ) from None
    if numbers.ndim != 2 or not mode.startswith("I"):
        raise InputError(f"{path}: is no grey PNG of 16 bits (its mode is {mode}); save it as one.")
    return numbers


def write_mots(file: AnnotationFile, out: Path) -> None:
    """Write a folder of ``VIDEO.txt`` and, next to them, ``classes.txt``.

    Frames have the number in their names, or count from 0 where two have the same. Class numbers count from 1, an
    object's number is ``class * 1000 + track``, where tracks of a video count from 1, and crowds are of class 10.

    Raises:
        InputError: tracks have boxes alone, there are too many classes or tracks, or the folder cannot be written.
    """
    labels = {
        c["id"]: number for c, number in zip(file.categories, _numbered([""] * len(file.categories)), strict=True)
    }
    with atomic_folder(out) as folder:
        write_class_names(file, folder)
        for video, name in zip(file.videos, video_names(file), strict=True):
            numbers = [n for n in map(number_of, video.file_names) if n is not None]
            frames = numbers if len(set(numbers)) == len(video.file_names) else range(len(video.file_names))
            tracks = tracks_of_masks(video, file.path)
            if len(tracks) >= PER_CLASS:
                raise InputError(f"{file.path}: video {video.id} has {len(tracks)} tracks; MOTS holds up to 999.")
            rows = []
            for i, track in enumerate(tracks, 1):
                kind = IGNORED if track.iscrowd else labels[track.category_id]
                for n, rle in zip(frames, track.segmentations, strict=True):
                    if rle is not None:
                        height, width = rle["size"]
                        rows.append((n, f"{n} {kind * PER_CLASS + i} {kind} {height} {width} {rle['counts']}\n"))
            (folder / f"{name}.txt").write_text("".join(text for _, text in sorted(rows, key=lambda row: row[0])))
