"""The formats that people label in, each read into records and some written from them.

:data:`FORMATS` is the only list of them: a command line, the documentation and the tests go through it.

The readers are written here and not taken from datumaro, the library that knows most of these formats. It draws in more
than twenty packages, pandas and pyarrow among them, and its items are single frames, so that what matters here would
still have to be written: tracks, key frames, and a sentence for everything that is wrong in a file.
"""

from pathlib import Path

from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.utils.errors import InputError

from .bdd100k import read_bdd100k
from .cells import read_cells
from .coco_tracks import read_coco_tracks, write_coco_tracks
from .cvat import read_cvat
from .index_folders import read_index_folders, write_index_folders
from .label_studio import read_label_studio
from .labelme import read_labelme
from .mots import read_mots, write_mots
from .official import official_json, read_official, write_official
from .source import TRACK_BY, Format, Source
from .yolo import read_yolo, write_yolo

__all__ = ["FORMATS", "TRACK_BY", "Format", "Source", "official_json", "read_labels", "write_labels"]

FORMATS: dict[str, Format] = {
    "youtube_vis": Format("JSON of YouTube-VIS, OVIS or CocoVID", read_official, write_official),
    "labelme": Format("folders of labelme's JSON files, one per frame", read_labelme),
    "cvat": Format("CVAT's XML 1.1, for video or for images", read_cvat),
    "coco": Format("COCO's JSON with track ids", read_coco_tracks, write_coco_tracks),
    "label_studio": Format("Label Studio's JSON of video tasks, boxes alone", read_label_studio, needs_frames=True),
    "yolo": Format("YOLO text files with track ids", read_yolo, write_yolo, needs_frames=True),
    "mots": Format("MOTS text files; its PNGs are only read", read_mots, write_mots, needs_frames=True),
    "bdd100k": Format("BDD100K's bitmasks of segmentation tracking", read_bdd100k, needs_frames=True),
    "davis": Format("folders of indexed PNGs: DAVIS, MOSE, LVOS, SAM 2", read_index_folders, write_index_folders, True),
    "cells": Format("folders of the Cell Tracking Challenge", read_cells),
}
"""All formats by name."""


def read_labels(name: str, source: Source) -> AnnotationFile:
    """Read labels in the format of this name.

    Raises:
        InputError: there is no such path, the format is not read or needs frames, or the labels are broken.
    """
    for path in filter(None, (source.path, source.frames)):
        if not path.exists():
            raise InputError(f"{path}: no such file or folder; check the path.")
    reader = FORMATS[name].read
    if reader is None:
        raise InputError(f"The format {name} is only written; read one of {', '.join(_names('read'))}.")
    if FORMATS[name].needs_frames and source.frames is None:
        raise InputError(f"{source.where}: {name} names no frames; add --frames DIR, with a folder of each video.")
    return reader(source)


def write_labels(name: str, file: AnnotationFile, out: Path) -> None:
    """Write records in the format of this name.

    Raises:
        InputError: the format is not written or cannot hold them, or the place cannot be written.
    """
    writer = FORMATS[name].write
    if writer is None:
        raise InputError(f"The format {name} is only read; write one of {', '.join(_names('write'))}.")
    writer(file, out)


def _names(what: str) -> list[str]:
    return [name for name, form in FORMATS.items() if getattr(form, what) is not None]
