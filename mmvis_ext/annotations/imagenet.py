"""Reads ImageNet VID and DET from their official folders.

Image-set lists name the videos, frames or images; each frame has an XML file of boxes.
"""

import glob
import math
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.parallel import map_in_processes

from .checks import MAX_SIDE
from .lists import names_with, read_lines
from .records import TrackAnnotation, VideoRecord

__all__ = ["Tree", "read_det_images", "read_image_sets", "read_vid_videos", "read_xml"]

TOGETHER = 256  # images that a process reads at a time


@dataclass(frozen=True)
class Tree:
    """Where the files lie and which classes count.

    Attributes:
        images: folder of the ``.JPEG`` files; the lists name them by their path below it, without the ending.
        annotations: folder of the ``.xml`` files, which have the same paths below it.
        categories: category id by wnid (WordNet id, such as ``n02084071``); objects of other wnids are left out.
    """

    images: str
    annotations: str
    categories: Mapping[str, int]

    def xml(self, name: str) -> str:
        """Path of the annotations of an image, which the lists name without its ending."""
        return os.path.join(self.annotations, f"{name}.xml")

    def jpeg(self, name: str) -> str:
        """Path of an image, which the lists name without its ending."""
        return os.path.join(self.images, f"{name}.JPEG")


class XMLObject(NamedTuple):
    """One object of a frame: its wnid, its track id (``None`` where the file has none), its box xyxy in pixels."""

    wnid: str
    track: int | None
    box: list[float]


class XMLFrame(NamedTuple):
    """Size in pixels and objects of one frame."""

    height: int
    width: int
    objects: list[XMLObject]


def read_image_sets(pattern: str) -> list[str]:
    """Read the paths that image-set lists name, each once, in the order of the lists.

    A row holds a path and a number. Rows with a number below 1 are left out: DET has a list for each class, in which -1
    marks images without the class and 0 images with objects of it that are not annotated.

    Args:
        pattern: path of a list, or a glob pattern for several: ``ImageSets/VID/train_*.txt``.

    Raises:
        InputError: there is no such list, one cannot be read or holds other rows, or no row is left.
    """
    # train_2 goes before train_10
    paths = [pattern] if os.path.isfile(pattern) else sorted(glob.glob(pattern), key=lambda p: (len(p), p))
    if not paths:
        raise InputError(f"{pattern}: no such image-set list; check ann_file and data_root.")
    rows = dict.fromkeys(row for path in paths for row in _positive_rows(path))
    if not rows:
        raise InputError(f"{pattern}: names nothing (rows with a number below 1 do not count); fetch the lists again.")
    return list(rows)


def _positive_rows(path: str) -> Iterator[str]:
    """The paths of one list whose number is 1 or more."""
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        try:
            name, label = line.split()
            positive = int(label) >= 1
        except ValueError:
            raise InputError(
                f"{path}: line {number} is {line.strip()[:80]!r}, but a row of an image-set list is a path and a whole "
                "number; correct the line or fetch the list again."
            ) from None
        if positive:
            yield name


def read_vid_videos(rows: Sequence[str], tree: Tree, workers: int | None = None) -> list[VideoRecord]:
    """Read videos of ImageNet VID, with ids from 1; their tracks have boxes but no masks.

    Args:
        rows: what the lists name: either folders of videos, of which every frame is read, or single frames.
        tree: where the files lie, and the classes.
        workers: processes; one per core by default.

    Raises:
        InputError: see :func:`read_xml`; also where an image or an XML file is missing, frames of a video differ in
            size, an object has no track id, or a track occurs twice in a frame or changes its class.
    """
    frames: dict[str, list[str] | None]
    if os.path.isdir(os.path.join(tree.annotations, rows[0])):
        frames = dict.fromkeys(rows)
    else:
        named = defaultdict(list)
        for row in rows:
            folder, _, name = row.rpartition("/")
            named[folder].append(name)
        frames = {folder: sorted(names) for folder, names in named.items()}
    tasks = [(number, folder, names) for number, (folder, names) in enumerate(frames.items(), 1)]
    return map_in_processes(partial(_read_video, tree), tasks, workers=workers)


def read_det_images(rows: Sequence[str], tree: Tree, workers: int | None = None) -> list[VideoRecord]:
    """Read the images of ImageNet DET that show one of the classes, each as a video of one frame.

    The id of a video is the place of its image in ``rows``, from 1.

    Args:
        rows: each names an image.
        tree: where the files lie, and the classes.
        workers: processes; one per core by default.

    Raises:
        InputError: see :func:`read_xml`; also where an image is missing.
    """
    numbered = list(enumerate(rows, 1))
    parts = [numbered[i : i + TOGETHER] for i in range(0, len(numbered), TOGETHER)]
    return [image for part in map_in_processes(partial(_read_images, tree), parts, workers=workers) for image in part]


def read_xml(path: str) -> XMLFrame:
    """Read one XML file.

    A box reaches from ``xmin`` to ``xmax`` and from ``ymin`` to ``ymax``, so its width is ``xmax - xmin``; a side below
    one pixel becomes one pixel. What lies outside the frame is cut off.

    Raises:
        InputError: the file is missing, not XML or not an annotation of ImageNet; its size or an object's class or box
            is missing; or a box is turned over or lies outside the frame.
    """
    try:
        root = ElementTree.parse(path).getroot()
    except FileNotFoundError:
        raise InputError(
            f"{path}: the annotation is missing; check data_prefix.ann_path and the image-set list, or fetch it again."
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions.") from None
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InputError(f"{path}: not valid XML ({error}); the file is truncated or broken, fetch it again.") from None
    if root.tag != "annotation":
        raise InputError(
            f"{path}: starts with <{root.tag}>, not <annotation>; give the XML files of ImageNet VID or DET."
        )
    width, height = (_number(root, f"size/{side}", path) for side in ("width", "height"))
    if not (1 <= height <= MAX_SIDE and 1 <= width <= MAX_SIDE) or width % 1 or height % 1:
        raise InputError(f"{path}: the size {width:g}x{height:g} must be 1 to {MAX_SIDE} whole pixels; correct it.")
    objects = [_read_object(node, width, height, path) for node in root.iterfind("object")]
    return XMLFrame(int(height), int(width), objects)


def _read_object(node: ElementTree.Element, width: float, height: float, path: str) -> XMLObject:
    wnid = (node.findtext("name") or "").strip()
    if not wnid:
        raise InputError(f"{path}: an <object> has no <name>; write its wnid there.")
    track = _number(node, "trackid", path) if node.find("trackid") is not None else None
    if track is not None and (track % 1 or not 0 <= track < 2**31):
        raise InputError(
            f"{path}: the <trackid> {track:g} must be a whole number from 0 that fits 32 bits; renumber it."
        )
    x1, y1, x2, y2 = (_number(node, f"bndbox/{end}", path) for end in ("xmin", "ymin", "xmax", "ymax"))
    right, bottom = max(x2, x1 + 1), max(y2, y1 + 1)
    if not (x1 <= x2 and y1 <= y2 and x1 < width and y1 < height and right > 0 and bottom > 0):
        raise InputError(
            f"{path}: the box from ({x1:g}, {y1:g}) to ({x2:g}, {y2:g}) of a {wnid} is turned over or outside the "
            f"frame of {width:g}x{height:g} pixels; correct the box or remove the object."
        )
    box = [max(x1, 0.0), max(y1, 0.0), min(right, width), min(bottom, height)]
    return XMLObject(wnid, None if track is None else int(track), box)


def _number(node: ElementTree.Element, where: str, path: str) -> float:
    text = node.findtext(where)
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        state = "is missing" if text is None else f"is {text.strip()[:40]!r}, not a number"
        raise InputError(f"{path}: <{where.replace('/', '><')}> {state}; write a number there.")
    return value


def _read_video(tree: Tree, task: tuple[int, str, list[str] | None]) -> VideoRecord:
    number, folder, names = task
    jpegs = set(names_with(os.path.join(tree.images, folder), ".JPEG"))
    if names is None:
        names = sorted(jpegs.union(names_with(os.path.join(tree.annotations, folder), ".xml")))
        if not names:
            raise InputError(
                f"{os.path.join(tree.annotations, folder)}: holds no frames; fetch the video again, or remove it from "
                "the image-set list."
            )
    frames = []
    for name in names:
        path = tree.xml(f"{folder}/{name}")
        frames.append(read_xml(path))
        if frames[-1][:2] != frames[0][:2]:
            raise InputError(f"{path}: the frame has another size than the video's first; one video has one size.")
        if name not in jpegs:
            raise InputError(
                f"{tree.jpeg(f'{folder}/{name}')}: the frame is missing; check data_prefix.img_path, or fetch it again."
            )
    file_names = [f"{folder}/{name}.JPEG" for name in names]
    tracks = _tracks([tree.xml(f"{folder}/{name}") for name in names], frames, tree.categories)
    return VideoRecord(number, *frames[0][:2], file_names, list(range(len(names))), tracks)


def _tracks(paths: list[str], frames: list[XMLFrame], categories: Mapping[str, int]) -> list[TrackAnnotation]:
    """Gather the frames' objects into tracks, in order of appearance."""
    tracks: dict[int, TrackAnnotation] = {}
    for t, (path, frame) in enumerate(zip(paths, frames, strict=True)):
        seen: set[int] = set()
        for wnid, track_id, box in frame.objects:
            if track_id is None:
                raise InputError(f"{path}: an <object> has no <trackid>; give each object of the video its own.")
            if track_id in seen:
                raise InputError(
                    f"{path}: track {track_id} stands twice in the frame; give each object its own trackid."
                )
            seen.add(track_id)
            if wnid not in categories:
                continue
            if track_id not in tracks:
                empty = np.zeros((len(frames), 4))
                tracks[track_id] = TrackAnnotation(track_id, categories[wnid], [], empty)
            track = tracks[track_id]
            if track.category_id != categories[wnid]:
                raise InputError(
                    f"{path}: track {track_id} is a {wnid} here and another class before; correct the wrong <name>."
                )
            track.boxes[t] = box
    return list(tracks.values())


def _read_images(tree: Tree, numbered: list[tuple[int, str]]) -> list[VideoRecord]:
    records = []
    for number, name in numbered:
        frame = read_xml(tree.xml(name))
        tracks = [
            TrackAnnotation(i, tree.categories[wnid], [], np.array([box]))
            for i, (wnid, _, box) in enumerate(frame.objects)
            if wnid in tree.categories
        ]
        if not tracks:
            continue
        if not os.path.isfile(tree.jpeg(name)):
            raise InputError(f"{tree.jpeg(name)}: the image is missing; check data_prefix.img_path, or fetch it again.")
        records.append(VideoRecord(number, frame.height, frame.width, [f"{name}.JPEG"], [0], tracks))
    return records
