"""Reads ImageNet VID and DET from their official folders.

Image-set lists name the videos, frames or images; each frame has an XML file of boxes.
"""

import glob
import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.parallel import map_in_processes

from .imagenet_xml import XMLFrame, XMLObject, read_xml
from .lists import names_with, read_lines, refuse_outside
from .records import TrackAnnotation, VideoRecord
from .tolerance import Tolerance

__all__ = ["Tree", "read_det_images", "read_image_sets", "read_vid_videos"]

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
        refuse_outside(name, path)
        if positive:
            yield name


def read_vid_videos(
    rows: Sequence[str], tree: Tree, workers: int | None = None, strict: bool = False
) -> list[VideoRecord]:
    """Read videos of ImageNet VID, with ids from 1; their tracks have boxes but no masks.

    Args:
        rows: what the lists name: either folders of videos, of which every frame is read, or single frames.
        tree: where the files lie, and the classes.
        workers: processes; one per core by default.
        strict: refuse what is otherwise read with a warning: see :func:`read_xml`; also a track that stands twice in a
            frame, where the first counts, and a track that changes its class, which gets that of most of its frames.

    Raises:
        InputError: see :func:`read_xml`; also where an image or an XML file is missing, frames of a video differ in
            size, or an object has no track id.
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
    read = map_in_processes(partial(_read_video, tree, strict), tasks, workers=workers)
    _warn(tree, (mended for _, mended in read))
    return [video for video, _ in read]


def read_det_images(
    rows: Sequence[str], tree: Tree, workers: int | None = None, strict: bool = False
) -> list[VideoRecord]:
    """Read the images of ImageNet DET that show one of the classes, each as a video of one frame.

    The id of a video is the place of its image in ``rows``, from 1.

    Args:
        rows: each names an image.
        tree: where the files lie, and the classes.
        workers: processes; one per core by default.
        strict: see :func:`read_xml`.

    Raises:
        InputError: see :func:`read_xml`; also where an image is missing.
    """
    numbered = list(enumerate(rows, 1))
    parts = [numbered[i : i + TOGETHER] for i in range(0, len(numbered), TOGETHER)]
    read = map_in_processes(partial(_read_images, tree, strict), parts, workers=workers)
    _warn(tree, (mended for _, mended in read))
    return [image for part, _ in read for image in part]


def _warn(tree: Tree, mended: Iterable[Tolerance]) -> None:
    """Say what was mended in the parts of a tree."""
    tolerance = Tolerance(tree.annotations)
    tolerance.add(mended)
    tolerance.warn()


def _read_video(tree: Tree, strict: bool, task: tuple[int, str, list[str] | None]) -> tuple[VideoRecord, Tolerance]:
    tolerance = Tolerance(tree.annotations, strict)
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
        frames.append(read_xml(path, tolerance))
        if frames[-1][:2] != frames[0][:2]:
            raise InputError(f"{path}: the frame has another size than the video's first; one video has one size.")
        if name not in jpegs:
            raise InputError(
                f"{tree.jpeg(f'{folder}/{name}')}: the frame is missing; check data_prefix.img_path, or fetch it again."
            )
    file_names = [f"{folder}/{name}.JPEG" for name in names]
    tracks = _tracks([tree.xml(f"{folder}/{name}") for name in names], frames, tree.categories, tolerance)
    return VideoRecord(number, *frames[0][:2], file_names, list(range(len(names))), tracks), tolerance


def _tracks(
    paths: list[str], frames: list[XMLFrame], categories: Mapping[str, int], tolerance: Tolerance
) -> list[TrackAnnotation]:
    """Gather the frames' objects into tracks, in order of appearance."""
    seen: dict[int, dict[int, XMLObject]] = {}  # of each track the object in each frame
    for t, (path, frame) in enumerate(zip(paths, frames, strict=True)):
        for found in frame.objects:
            if found.track is None:
                raise InputError(f"{path}: an <object> has no <trackid>; give each object of the video its own.")
            shown = seen.setdefault(found.track, {})
            if t in shown:
                tolerance.mend(
                    "tracks that stand twice in a frame, where the first counts",
                    path,
                    f"{path}: track {found.track} stands twice in the frame; give each object its own trackid.",
                )
                continue
            if shown and (before := next(iter(shown.values())).wnid) != found.wnid:
                tolerance.mend(
                    "objects of another class than their track's first, which gets the class of most of its frames",
                    path,
                    f"{path}: track {found.track} is a {found.wnid} here and another class before ({before}); correct "
                    "the wrong <name>.",
                )
            shown[t] = found
    tracks = []
    for track_id, shown in seen.items():
        (wnid, _), *_ = Counter(found.wnid for found in shown.values()).most_common(1)
        if wnid in categories:
            boxes = np.zeros((len(frames), 4))
            boxes[list(shown)] = [found.box for found in shown.values()]
            tracks.append(TrackAnnotation(track_id, categories[wnid], [], boxes))
    return tracks


def _read_images(tree: Tree, strict: bool, numbered: list[tuple[int, str]]) -> tuple[list[VideoRecord], Tolerance]:
    records, tolerance = [], Tolerance(tree.annotations, strict)
    for number, name in numbered:
        frame = read_xml(tree.xml(name), tolerance)
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
    return records, tolerance
