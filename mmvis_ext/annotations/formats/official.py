"""Records as YouTube-VIS JSON, which everything here trains on and is judged by."""

import json
import logging
from pathlib import Path
from typing import Any

from mmengine.logging import print_log
from pycocotools import mask as coco_mask

from mmvis_ext.annotations.records import AnnotationFile, TrackAnnotation, VideoRecord
from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.utils.files import write_atomically

from .source import Source

__all__ = ["official_json", "read_official", "write_official"]


def read_official(source: Source) -> AnnotationFile:
    """The records of a YouTube-VIS, OVIS or CocoVID file; see :func:`read_annotation_file`."""
    return read_annotation_file(source.path, strict=source.strict)


def write_official(file: AnnotationFile, out: Path) -> None:
    """Write records as one JSON file.

    Raises:
        InputError: the file cannot be written.
    """
    write_atomically(out, json.dumps(official_json(file)).encode())


def official_json(file: AnnotationFile) -> dict[str, Any]:
    """Records in the form of YouTube-VIS.

    Track ids stay where no two tracks of the file have the same, and count from 1 otherwise, since they must be unique
    there. Pixels of unknown content (``void``) cannot be said in this form; a warning counts the frames with such.
    """
    unknown = sum(rle is not None for video in file.videos for rle in video.void or ())
    if unknown:
        print_log(
            f"{file.path}: pixels of unknown content, which become background in this form: {unknown} frames.",
            "current",
            logging.WARNING,
        )
    tracks = [(video, track) for video in file.videos for track in video.tracks or ()]
    unique = len({track.id for _, track in tracks}) == len(tracks)
    data: dict[str, Any] = dict(categories=file.categories, videos=[_video(video) for video in file.videos])
    if file.has_annotations:
        data["annotations"] = [_annotation(t.id if unique else i, t, v) for i, (v, t) in enumerate(tracks, 1)]
    return data


def _video(video: VideoRecord) -> dict[str, Any]:
    names = video.file_names
    return dict(id=video.id, height=video.height, width=video.width, length=len(names), file_names=names)


def _annotation(number: int, track: TrackAnnotation, video: VideoRecord) -> dict[str, Any]:
    """A track. Boxes are xywh; one of boxes alone has no ``segmentations``."""
    shown = zip(track.boxes.astype(float).tolist(), track.visible, strict=True)
    boxes = [[x1, y1, x2 - x1, y2 - y1] if visible else None for (x1, y1, x2, y2), visible in shown]
    areas: list[Any] = [None if box is None else box[2] * box[3] for box in boxes]
    out = dict(id=number, video_id=video.id, category_id=track.category_id, iscrowd=int(track.iscrowd), bboxes=boxes)
    if track.segmentations:
        areas = [None if rle is None else int(coco_mask.area(rle)) for rle in track.segmentations]
        out["segmentations"] = track.segmentations
    out["areas"] = track.areas or areas
    if track.occlusion is not None:
        out["occlusion"] = track.occlusion
    return out
