"""YOLO text files with track ids, as ultralytics' tracking writes them; read and written.

https://docs.ultralytics.com/modes/track: ``class x1 y1 x2 y2 ... [confidence] id``
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from mmvis_ext.annotations.lists import read_lines
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.annotations.tolerance import Tolerance
from mmvis_ext.structures.rle import RLE, decode, encode
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_folder

from .class_names import LIST, class_names, write_class_names
from .drafts import VideoDraft, gathered
from .frame_folders import frames_of, pictures_in, subfolders
from .source import Source
from .writing import frame_stems, tracks_of_masks, video_names, warn_lost

__all__ = ["read_yolo", "write_yolo"]

BOX = 4  # numbers of a box: centre x, centre y, width, height
SLACK = 0.01  # by which a coordinate may lie outside of 0 to 1
ORDER = "class x1 y1 x2 y2 ... [confidence] id"
Size = tuple[int, int]


class _Line(NamedTuple):
    """An object of a frame.

    Attributes:
        label: number of its class.
        track: its track id.
        numbers: of its polygon or box, as shares of the frame.
        extra: how many numbers follow them.
    """

    label: int
    track: int
    numbers: list[float]
    extra: int


def read_yolo(source: Source) -> AnnotationFile:
    """Read a folder of text files, one per frame: ``VIDEO/FRAME.txt``, ``VIDEO_1.txt`` (from 1), or ``FRAME.txt``.

    A line is ``class x1 y1 x2 y2 ... [confidence] id``, with coordinates as shares of the frame. All lines of the
    folder have a confidence, or none has. Four numbers in place of the polygon are a box: centre, width, height. A
    polygon goes through the centres of pixels, all of which belong to the object, as ultralytics draws and reads them.
    Lines of a frame with the same id are parts of one object; those without an id are left out, with a warning. A frame
    without a file shows nothing.

    Names of the classes are those of ``classes.txt`` in the folder, a name per line, or those that are asked for.

    Raises:
        InputError: a line has another form, or none has an id; a file belongs to no frame; frames do not fit.
    """
    if not source.path.is_dir():
        raise InputError(f"{source.where}: is no folder; give the one with the text files, such as 'labels'.")
    if source.frames is None:
        raise InputError(f"{source.where}: names no frames; add --frames DIR, the folder with those of each video.")
    names = dict(enumerate(class_names(source)))
    left = {p for p in source.path.rglob("*.txt") if p.name != LIST}
    videos, extra, tolerance = [], 0, source.tolerance()
    for name in [n for n in subfolders(source.frames) if pictures_in(source.frames / n)] or [source.path.name]:
        frames = frames_of(source, name, source.where)
        video = VideoDraft(frames.size, frames.file_names)
        for t, picture in enumerate(frames.file_names):
            path = _file_of(source.path, name, picture, t)
            if path is None:
                continue
            left.discard(path)
            for where, line in _lines(path, tolerance):
                extra = extra or line.extra
                if line.extra != extra:
                    raise InputError(f"{where}: has another form than the lines before; write '{ORDER}' in all.")
                label = names.get(line.label, f"class {line.label}")
                video.add(line.track, label, t, _shape(line, frames.size, where), where)
        videos.append(video)
    if tolerance.found and not any(video.labels for video in videos):
        raise InputError(f"{source.where}: no line ends with a track id; write '{ORDER}' in its files.")
    tolerance.warn()
    if left:
        raise InputError(f"{min(left)}: belongs to no frame in {source.frames}; name it like its frame, or remove it.")
    return gathered(source, videos, list(names.values()) or None)


def _file_of(root: Path, video: str, picture: str, t: int) -> Path | None:
    """The text file of frame ``t``, if there is one."""
    stem = Path(picture).stem
    places = (root / video / f"{stem}.txt", root / f"{video}_{t + 1}.txt", root / f"{stem}.txt")
    return next((path for path in places if path.is_file()), None)


def _lines(path: Path, tolerance: Tolerance) -> Iterator[tuple[str, _Line]]:
    """The lines of a file that have a track id, each with its place; ultralytics writes others for what it lost."""
    for i, text in enumerate(read_lines(path), 1):
        where = f"{path}, line {i}"
        try:
            numbers = [float(word) for word in text.split()]
        except ValueError:
            raise InputError(f"{where}: is no line of numbers; write '{ORDER}'.") from None
        if not numbers:
            continue
        extra = 2 if len(numbers) % 2 else 1  # beside the class and an even number of coordinates
        label, track, coordinates = numbers[0], numbers[-1], numbers[1:-extra]
        if not all(0 <= value < 2**31 and value % 1 == 0 for value in (label, track)) or len(coordinates) < BOX:
            refusal = (
                f"{where}: does not end with a track id; write '{ORDER}', as ultralytics does in "
                "track(..., save_txt=True)."
            )
            tolerance.mend("lines without a track id, which are left out", where, refusal)
            continue
        if not all(-SLACK <= value <= 1 + SLACK for value in coordinates):
            raise InputError(f"{where}: coordinates are shares of the frame, from 0 to 1; divide pixels by its size.")
        yield where, _Line(int(label), int(track), coordinates, extra)


def _shape(line: _Line, size: Size, where: str) -> RLE | list[float] | None:
    height, width = size
    if len(line.numbers) == BOX:
        x, y, w, h = line.numbers
        return [(x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height]
    points = np.array(line.numbers).reshape(-1, 2) * (width, height)
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 1)
    return encode(mask[None])[0] if mask.any() else None


def write_yolo(file: AnnotationFile, out: Path) -> None:
    """Write ``VIDEO/FRAME.txt`` with a line per connected part of an object, and ``classes.txt``.

    Holes are filled, since a polygon has none; a warning counts the masks with holes. Class numbers count from 0.

    Raises:
        InputError: tracks have boxes alone, a name cannot be that of a file, or the folder cannot be written.
    """
    labels = {category["id"]: i for i, category in enumerate(file.categories)}
    holes = 0
    with atomic_folder(out) as folder:
        write_class_names(file, folder)
        for video, name in zip(file.videos, video_names(file), strict=True):
            (folder / name).mkdir()
            tracks = tracks_of_masks(video, file.path)
            for t, stem in enumerate(frame_stems(video, file.path)):
                shown = [(track, rle) for track in tracks if (rle := track.segmentations[t]) is not None]
                rows = [row for track, rle in shown for row in _rows(rle, labels[track.category_id], track.id)]
                holes += sum(1 for row in rows if row is None)
                text = "".join(f"{row}\n" for row in rows if row)
                (folder / name / f"{stem}.txt").write_text(text)
    warn_lost(file, "holes in masks, which are filled, since a polygon has none", holes)


def _rows(rle: RLE, label: int, track: int) -> list[str | None]:
    """A line per part of a mask, and ``None`` per hole."""
    height, width = rle["size"]
    contours, tree = cv2.findContours(decode([rle], height, width)[0], cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    rows: list[str | None] = []
    for contour, links in zip(contours, tree[0] if tree is not None else (), strict=True):
        if links[3] >= 0:
            rows.append(None)
            continue
        points = contour[:, 0].tolist()
        points += points[-1:] * (3 - len(points))  # a polygon has three points at least
        shares = " ".join(f"{x / width:.6f} {y / height:.6f}" for x, y in points)
        rows.append(f"{label} {shares} {track}")
    return rows
