"""A bridge to the mmtrack package: configs may name ``mmtrack.YouTubeVISDataset``.

mmtrack 1.0.0rc1, its last release, asks for versions that no longer resolve, so it is installed without its
dependencies; its dataset modules run on today's stack once its two version checks see a version that they accept.
"""

import importlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType
from typing import Any

import mmcv
import mmdet
import numpy as np

from mmvis_ext.annotations.json_file import load_json
from mmvis_ext.annotations.records import AnnotationFile, TrackAnnotation, VideoRecord
from mmvis_ext.structures.rle import to_rle
from mmvis_ext.utils.errors import InputError

from .video_dataset import VideoDataset

__all__ = ["INSTALL", "MMTrackYouTubeVISDataset", "bridged_dataset", "import_mmtrack"]

INSTALL = "pip install --no-deps mmtrack==1.0.0rc1"


@contextmanager
def _accepted_versions() -> Iterator[None]:
    """Show mmtrack's import-time checks the versions that they ask for."""
    shown = ((mmcv, "2.0.0rc4"), (mmdet, "3.0.0rc6"))
    real = [module.__version__ for module, _ in shown]
    try:
        for module, version in shown:
            module.__version__ = version
        yield
    finally:
        for (module, _), version in zip(shown, real, strict=True):
            module.__version__ = version


def import_mmtrack() -> ModuleType:
    """``mmtrack.datasets`` of the installed package.

    Raises:
        InputError: it is not installed; names the line that installs it.
    """
    with _accepted_versions():
        try:
            return importlib.import_module("mmtrack.datasets")
        except ModuleNotFoundError as error:
            raise InputError(
                f"the config names a dataset of mmtrack, but {error.name} is not installed: `{INSTALL}`, or use "
                "type='YouTubeVISDataset', which reads the same files."
            ) from None


def bridged_dataset(name: str) -> type:
    """The dataset class behind ``mmtrack.<name>`` in a config.

    Raises:
        InputError: the bridge does not know the name, or mmtrack is not installed.
    """
    if name != "YouTubeVISDataset":
        raise InputError(f"mmtrack.{name}: the bridge to mmtrack carries YouTubeVISDataset only; use that one.")
    import_mmtrack()
    return MMTrackYouTubeVISDataset


class MMTrackYouTubeVISDataset(VideoDataset):
    """Videos as mmtrack's ``YouTubeVISDataset`` reads them, sampled like those of every other data set here.

    mmtrack reads the CocoVID form only and knows the classes of 2019 and 2021 only. It replaces track id 0: in each
    frame that object gets the place of its annotation among those of the frame, from 0, as its id.

    Args:
        dataset_version: ``2019`` or ``2021``, as mmtrack wants it.
        kwargs: of :class:`VideoDataset`.

    Raises:
        InputError: mmtrack is not installed, the file cannot be read, or the id that replaces track id 0 is that of
            another track.
    """

    def __init__(self, *args: Any, dataset_version: str, **kwargs: Any) -> None:
        self.dataset_version = dataset_version
        super().__init__(*args, **kwargs)

    def read(self) -> AnnotationFile:
        """What mmtrack reads, as records."""
        data = load_json(self.ann_file)
        annotated = isinstance(data, dict) and data.get("annotations") is not None
        source = import_mmtrack().YouTubeVISDataset(
            dataset_version=self.dataset_version, ann_file=self.ann_file, ref_img_sampler=None, test_mode=True
        )
        source.full_init()
        names = source.metainfo["CLASSES"]
        ids = {label: category_id for category_id, label in source.cat2label.items()}
        categories = [dict(id=ids[label], name=names[label]) for label in range(len(ids))]
        frames = defaultdict(list)
        for i in range(len(source)):
            info = source.get_data_info(i)
            frames[info["video_id"]].append(info)
        videos = [_record(v, f, ids, f"{self.ann_file}: video {v}") for v, f in frames.items()]
        if not annotated:
            videos = [replace(video, tracks=None) for video in videos]
        return AnnotationFile(self.ann_file, categories, videos)


def _record(video_id: int, frames: list[dict], category_ids: dict[int, int], where: str) -> VideoRecord:
    """Gather mmtrack's frames of one video into a record; ``where`` names it in errors."""
    frames = sorted(frames, key=lambda f: f["frame_id"])
    height, width, length = frames[0]["height"], frames[0]["width"], len(frames)
    tracks: dict[int, TrackAnnotation] = {}
    for t, frame in enumerate(frames):
        for instance in frame["instances"]:
            track_id, category_id = instance["instance_id"], category_ids[instance["bbox_label"]]
            if track_id not in tracks:
                tracks[track_id] = TrackAnnotation(
                    track_id, category_id, [None] * length, np.zeros((length, 4), np.float32),
                    bool(instance["ignore_flag"]),
                )  # fmt: skip
            track = tracks[track_id]
            if track.segmentations[t] is not None or track.category_id != category_id:
                raise InputError(
                    f"{where}, frame {t}: track id {track_id} stands for two objects, as mmtrack renumbers track id 0; "
                    "count the tracks from 1, or use type='YouTubeVISDataset'."
                )
            track.segmentations[t] = to_rle(instance["mask"], height, width, f"{where}, frame {t}")
            track.boxes[t] = instance["bbox"]
    names, image_ids = [f["file_name"] for f in frames], [f["img_id"] for f in frames]
    return VideoRecord(video_id, height, width, names, image_ids, list(tracks.values()))
