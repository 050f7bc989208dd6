"""Converts official YouTube-VIS and OVIS files to CocoVID.

The official form has one annotation per track; CocoVID has one per track and frame. This project reads the official
form directly; CocoVID is for other tools, mmdet's own data sets among them.
"""

from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from pycocotools import mask as coco_mask

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.parallel import map_in_processes

from .json_file import load_json
from .records import TrackAnnotation, VideoRecord
from .tolerance import Tolerance
from .youtube_vis import official_videos, read_categories

__all__ = ["Conversion", "official_to_coco_vid", "record_annotations", "record_images"]


class Conversion(NamedTuple):
    """A converted file.

    Attributes:
        data: the CocoVID dict; it has no ``annotations`` where the official file has none.
        unseen: ids of the tracks that are absent from every frame; CocoVID cannot hold them, so ``data`` lacks them.
    """

    data: dict[str, Any]
    unseen: list[int]


def official_to_coco_vid(
    path: str | Path, *, workers: int | None = None, progress: bool = False, strict: bool = False
) -> Conversion:
    """Convert one annotation file in the official form.

    Videos, tracks and categories keep their ids and their order; ``instance_id`` is the official track id. Image and
    annotation ids count from 1.

    Args:
        path: of the official JSON file, any split.
        workers: processes that read the masks; one per core by default.
        progress: show a bar on stderr.
        strict: see :func:`read_annotation_file`.

    Raises:
        InputError: the file is not in the official form or contradicts itself, as :func:`read_annotation_file` says.
    """
    data, where = load_json(path), str(path)
    if not isinstance(data, dict) or not isinstance(data.get("videos"), list) or "images" in data:
        raise InputError(
            f"{where}: not an annotation file in the official form, which has 'videos' and no 'images'; "
            "give the official YouTube-VIS or OVIS JSON."
        )
    category_ids = {c["id"] for c in read_categories(data, where)}
    tolerance = Tolerance(where, strict)
    official_videos(dict(data, annotations=None), where, category_ids, tolerance)  # checks the videos, no masks yet
    read = map_in_processes(
        partial(_read_video, where, category_ids, strict), _one_by_one(data, where), workers=workers, progress=progress
    )
    tolerance = Tolerance(where, strict)  # the videos are read again
    tolerance.add(part for _, part in read)
    tolerance.warn()
    records = [record for record, _ in read]
    images = [image for record in records for image in record_images(record)]
    for number, image in enumerate(images, 1):
        image["id"] = number
    converted = {key: value for key, value in data.items() if key != "annotations"}
    converted.update(videos=[_video(entry) for entry in data["videos"]], images=images)
    if data.get("annotations") is not None:
        converted["annotations"] = record_annotations(records)
    unseen = [t.id for r in records for t in r.tracks or () if not t.visible.any()]
    return Conversion(converted, unseen)


def _one_by_one(data: dict, where: str) -> list[dict]:
    """Each video with its annotations as a file of its own, which one process can read alone."""
    if data.get("annotations") is None:
        return [dict(videos=[entry]) for entry in data["videos"]]
    belonging: dict[int, list[dict]] = {entry["id"]: [] for entry in data["videos"]}
    seen = set()
    for i, annotation in enumerate(data["annotations"]):
        video_id, number = (annotation.get(k) if isinstance(annotation, dict) else None for k in ("video_id", "id"))
        if not isinstance(number, int) or not isinstance(video_id, int) or video_id not in belonging:
            raise InputError(
                f"{where}: annotations[{i}] has the id {number!r} and the video_id {video_id!r}; both must be "
                "numbers, and the video must be in the file."
            )
        if number in seen:
            raise InputError(f"{where}: annotation id {number} occurs twice; ids must be unique, renumber them.")
        seen.add(number)
        belonging[video_id].append(annotation)
    return [dict(videos=[entry], annotations=belonging[entry["id"]]) for entry in data["videos"]]


def _read_video(where: str, category_ids: set[int], strict: bool, part: dict) -> tuple[VideoRecord, Tolerance]:
    tolerance = Tolerance(where, strict)
    return official_videos(part, where, category_ids, tolerance)[0], tolerance


def _video(entry: dict) -> dict:
    """The video's entry, without ``file_names`` but with ``length`` and ``name``, by default the frames' folder."""
    kept = {key: value for key, value in entry.items() if key != "file_names"}
    folder = str(PurePosixPath(entry["file_names"][0]).parent)
    return dict(name=folder) | kept | dict(length=len(entry["file_names"]))


def record_images(record: VideoRecord) -> list[dict]:
    """An image of CocoVID per frame of a video; their ids are still to be given."""
    return [
        dict(id=0, video_id=record.id, frame_id=t, file_name=name, height=record.height, width=record.width)
        for t, name in enumerate(record.file_names)
    ]


def record_annotations(records: list[VideoRecord]) -> list[dict]:
    """The annotations of CocoVID, track by track, so that a reader meets the tracks in the official order.

    Images are taken to have the ids 1, 2, ... in the order of the videos and their frames.
    """
    annotations: list[dict] = []
    first = 1  # id of the video's first image
    for record in records:
        for track in record.tracks or ():
            annotations += _annotations(track, record.id, first)
        first += len(record.file_names)
    for number, annotation in enumerate(annotations, 1):
        annotation["id"] = number
    return annotations


def _annotations(track: TrackAnnotation, video_id: int, first_image: int) -> list[dict]:
    """One dict per frame that shows the track; boxes are xywh and areas square pixels of its mask."""
    rows = track.boxes.astype(float).tolist()
    return [
        dict(
            id=0,
            video_id=video_id,
            image_id=first_image + t,
            instance_id=track.id,
            category_id=track.category_id,
            bbox=[x1, y1, x2 - x1, y2 - y1],
            area=int(coco_mask.area(rle)),
            segmentation=rle,
            iscrowd=int(track.iscrowd),
        )
        for t, (rle, (x1, y1, x2, y2)) in enumerate(zip(track.segmentations, rows, strict=True))
        if rle is not None
    ]
