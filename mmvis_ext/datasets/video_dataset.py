"""The base of all data sets of videos with instance tracks: which frames and which tracks a sample shows."""

import os
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from itertools import takewhile
from typing import Any, NamedTuple

import numpy as np
from mmdet.datasets import BaseVideoDataset
from mmengine.fileio import join_path
from mmengine.logging import print_log

from mmvis_ext.annotations.class_maps import CLASS_MAPS, OTHERS, in_classes
from mmvis_ext.annotations.lists import leaves_folder
from mmvis_ext.annotations.records import AnnotationFile, TrackAnnotation, VideoRecord
from mmvis_ext.structures.rle import boxes_of
from mmvis_ext.utils.errors import InputError

from .objects import check_crowds, count_objects
from .randomness import seeded
from .transforms import CopyPasteTracks

__all__ = ["ClipIndex", "Draw", "VideoDataset"]


class Draw(NamedTuple):
    """One training sample: the index of a video and the seed of all that is random about the sample."""

    video: int
    seed: int


class ClipIndex(NamedTuple):
    """One test sample: the frames ``start`` to ``stop`` (excluded) of a video."""

    video: int
    start: int
    stop: int


class VideoDataset(BaseVideoDataset):
    """Base of every data set here; a subclass only reads its files (:meth:`read`).

    It differs from mmdet's class in four points. Track id 0 is an id like any other. Frames without objects are kept,
    because models also learn from absence. The classes come from the file or the config and may differ between two
    data sets of one type. Category ids are kept.

    Args:
        clips: config of the transform that draws a training sample's frames (:class:`ClipSample`); it runs in front of
            the pipeline. Not used at test.
        fps: read the videos at this lower frame rate: frame 0 and then, evenly, ``fps`` of every ``source_fps`` frames.
            ``None`` keeps all frames.
        source_fps: frame rate of the annotated frames on disk; YouTube-VIS annotates 6 per second.
        class_map: puts the objects into the classes of another data set, which ``metainfo.classes`` then names. It is
            a name in :data:`CLASS_MAPS`, or a dict from category name to class name or ``None`` (no class). A category
            that the dict does not name goes to the class under the key ``"*"`` if there is one, and otherwise to the
            class of its own name. A dict with ``"*"`` names all classes, so ``metainfo`` need not: see
            ``class_map="object"``. Objects without a class are left out;
            ``filter_cfg=dict(filter_empty_gt=True)`` leaves out videos without objects too. ``None`` keeps the file's
            own classes.
        strict: refuse small faults of the files that are otherwise mended with a warning; docs/datasets.md names them.
        outside_root: let the file name frames outside the folder of the images, by absolute paths or ``..``.
        kwargs: of mmengine's ``BaseDataset``. ``metainfo=dict(classes=(...))`` selects and orders categories by name.
            Of ``filter_cfg``, ``min_size`` drops videos whose shorter side is below it (pixels), and
            ``filter_empty_gt=True`` drops videos in which no frame shows an object that is no crowd; training only.

    Metainfo: ``classes`` (names in label order) and ``categories`` (the file's ``{'id', 'name'}`` in label order).

    Items: what the pipeline makes of a dict of per-frame lists. In training, an index or a :class:`Draw` gives the
    frames that ``clips`` draws from a video. At test, a :class:`ClipIndex` gives a window of a video, and an index the
    whole video. At test each frame's ``video`` is a dict with ``id``, ``height``, ``width``, ``length``, ``start``
    (number of the window's first frame) and ``truth``. In the last window of a video ``truth`` is the
    :class:`VideoRecord` that the metric compares with. In earlier windows, and in a video without annotations, it is
    ``None``.

    Attributes:
        objects_per_video: number of tracks that are no crowds, for each video that is kept.

    Raises:
        InputError: see :meth:`read`; also for class names that are no list or that the file lacks, an unknown class
            map, and where filtering leaves nothing or, in training, all objects are crowds.
    """

    objects_per_video: list[int]

    def __init__(
        self, *args: Any, clips: dict | None = None, fps: float | None = None, source_fps: float = 6.0,
        class_map: str | Mapping[str, str | None] | None = None, strict: bool = False, outside_root: bool = False,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        if fps is not None and not 0 < fps <= source_fps:
            raise InputError(f"fps={fps} must be above 0 and at most source_fps={source_fps}; correct the config.")
        if isinstance(class_map, str) and class_map not in CLASS_MAPS:
            raise InputError(f"class_map {class_map!r} is unknown; choose one of {sorted(CLASS_MAPS)} or give a dict.")
        self.step = 1.0 if fps is None else source_fps / fps
        self.strict, self.outside_root = strict, outside_root
        self.class_map = CLASS_MAPS[class_map] if isinstance(class_map, str) else class_map
        if clips is not None and not kwargs.get("test_mode", False):
            kwargs["pipeline"] = [clips, *kwargs.get("pipeline", [])]
        super().__init__(*args, **kwargs)

    @abstractmethod
    def read(self) -> AnnotationFile:
        """What ``ann_file`` and the folders of ``data_prefix`` say, as records.

        Raises:
            InputError: a file is missing, broken or contradicts itself.
        """

    def class_names(self) -> tuple[str, ...]:
        """Names of the classes in label order, without loading the videos where the config names them.

        Raises:
            InputError: see :meth:`read`.
        """
        names = self._metainfo.get("classes")
        return tuple(c["name"] for c in self.read().categories) if names is None else tuple(names)

    def load_data_list(self) -> list[dict]:
        """One dict per video, with its ``images``, its size and its ``truth``; also sets the classes.

        Raises:
            InputError: see :meth:`read`; also for class names that are no list or that the file lacks.
        """
        classes = self._metainfo.get("classes")
        if isinstance(classes, str):
            raise InputError(
                f"{self.ann_file}: metainfo.classes is the text {classes!r} and not a list of names; for one class "
                f"write classes=({classes!r},), with a comma."
            )
        file = self.read()
        if self.class_map is not None:
            file = in_classes(file, self.class_map, self._classes_to_map_to(self.class_map))
        categories = self._select_categories(file)
        self._metainfo.update(classes=tuple(c["name"] for c in categories), categories=tuple(categories))
        labels = {c["id"]: label for label, c in enumerate(categories)}
        videos = file.videos
        if self.step != 1:
            videos = [video.frames(evenly(len(video.file_names), self.step)) for video in videos]
        return [self._video_info(video, labels) for video in videos]

    def _classes_to_map_to(self, class_map: Mapping[str, str | None]) -> list[str]:
        """Names of the classes, in label order."""
        classes = self._metainfo.get("classes")
        if classes is None and OTHERS in class_map:
            classes = dict.fromkeys(name for name in class_map.values() if name is not None)
        if not classes:
            raise InputError(
                f"{self.ann_file}: class_map has no classes to map to; give metainfo=dict(classes=(...)), or mix the "
                "set with videos in a MixedDataset, which hands on theirs."
            )
        return list(classes)

    def _select_categories(self, file: AnnotationFile) -> list[dict]:
        names = self._metainfo.get("classes")
        if names is None:
            return file.categories
        by_name = {c["name"]: c for c in file.categories}
        missing = [n for n in names if n not in by_name]
        if missing:
            raise InputError(
                f"{file.path}: has no category named {missing}; metainfo.classes must use the file's names, "
                f"which are {sorted(by_name)}."
            )
        return [by_name[n] for n in names]

    def _video_info(self, video: VideoRecord, labels: dict[int, int]) -> dict:
        outside = None if self.outside_root else next(filter(leaves_folder, video.file_names), None)
        if outside is not None:
            raise InputError(
                f"{self.ann_file}: the frame {outside[:80]!r} of video {video.id} lies outside the images' folder; "
                "correct its name, or set outside_root=True for this data set if you trust the file."
            )
        truth = None
        if video.tracks is not None:
            truth = replace(video, tracks=[t for t in video.tracks if t.category_id in labels])
        shown = [(track, labels[track.category_id], track.visible) for track in (truth and truth.tracks) or ()]
        images = [
            dict(
                img_id=image_id,
                img_path=frame_path(self.data_prefix.get("img_path", ""), name),
                file_name=name,
                frame_id=t,
                video_id=video.id,
                height=video.height,
                width=video.width,
                instances=[_instance(track, label, t) for track, label, visible in shown if visible[t]]
                + _void_instances(video, t),
            )
            for t, (image_id, name) in enumerate(zip(video.image_ids, video.file_names, strict=True))
        ]
        return dict(
            video_id=video.id,
            video_length=len(images),
            images=images,
            height=video.height,
            width=video.width,
            truth=truth,
        )

    def filter_data(self) -> list[dict]:
        """The videos that pass ``filter_cfg``.

        Raises:
            InputError: none does, or all objects are crowds (in training).
        """
        cfg = self.filter_cfg or {}
        kept = self.data_list
        if not self.test_mode:
            kept = [v for v in kept if min(v["height"], v["width"]) >= cfg.get("min_size", 1)]
            if cfg.get("filter_empty_gt", False):
                kept = [
                    v for v in kept if any(not i["ignore_flag"] for image in v["images"] for i in image["instances"])
                ]
            if all(v["truth"] is None for v in kept):
                kept = []
            check_crowds(self.data_list, self.ann_file)
        if not kept:
            raise InputError(
                f"{self.ann_file}: no video is left for {'testing' if self.test_mode else 'training'} out of "
                f"{len(self.data_list)}; check filter_cfg, the classes, and that the file has annotations."
            )
        print_log(f"{self.ann_file}: {len(kept)} of {len(self.data_list)} videos kept", "current")
        self.objects_per_video = count_objects(kept)
        return kept

    def prepare_data(self, idx: int | Draw | ClipIndex) -> Any:
        """Run the pipeline on a video or a window of it; what is random in it depends on a :class:`Draw`'s seed."""
        number = idx.video if isinstance(idx, Draw | ClipIndex) else idx
        if not self.test_mode:
            with seeded(idx.seed if isinstance(idx, Draw) else None):
                return self.pipeline(self._training_info(number))
        video = self.get_data_info(number)
        start, stop = (idx.start, idx.stop) if isinstance(idx, ClipIndex) else (0, video["video_length"])
        return self.pipeline(self._window(video, start, stop))

    def _training_info(self, idx: int) -> dict:
        """The dict of a video, with that of a random one as its ``donor`` if the pipeline pastes tracks."""
        video = self.get_data_info(idx)
        if any(isinstance(step, CopyPasteTracks) for step in self.pipeline.transforms):
            video["donor"] = self.get_data_info(int(np.random.randint(len(self))))
        return video

    def _window(self, video: dict, start: int, stop: int) -> dict:
        """The frames of a window as a dict of lists, as mmdet's video transforms take them."""
        frames = defaultdict(list)
        for image in video["images"][start:stop]:
            for key, value in image.items():
                frames[key].append(value)
            frames["ori_video_length"].append(video["video_length"])
            frames["video_length"].append(stop - start)
        frames["video"] = [self.about(video, start, stop)] * (stop - start)
        return frames

    def about(self, video: dict, start: int, stop: int) -> dict:
        """What the frames ``start`` to ``stop`` of a video carry as ``video``, see :class:`VideoDataset`."""
        about = dict(id=video["video_id"], height=video["height"], width=video["width"], length=video["video_length"])
        # the evaluator needs the truth once per video
        return about | dict(start=start, truth=video["truth"] if stop == video["video_length"] else None)

    def __getitem__(self, idx: int | Draw | ClipIndex) -> dict:
        """Like mmengine's, but a sample that cannot be loaded is an error, never silently replaced by another one."""
        if not self._fully_initialized:
            self.full_init()
        return self.prepare_data(idx)


def frame_path(folder: str, name: str) -> str:
    """Path of a frame; backslashes part folders, as on Windows, unless there is a file of that very name."""
    path = join_path(folder, name)
    return path if "\\" not in name or os.path.exists(path) else join_path(folder, name.replace("\\", "/"))


def evenly(length: int, step: float) -> list[int]:
    """Frame numbers below ``length`` that lie ``step`` frames apart, 0 first; each is rounded down.

    A step of 1.2 gives 0, 1, 2, 3, 4, 6, 7 ...: the gaps differ by one frame at most, and the mean gap is the step.
    """
    exact = 1e-6  # rounding may leave k * step a little below the whole number that is meant
    numbers = (int(k * step + exact) for k in range(length))
    return list(takewhile(lambda t: t < length, numbers))


def _void_instances(video: VideoRecord, t: int) -> list[dict]:
    """The void pixels of a frame as an instance that is ignored, which belongs to no track; none if there are none."""
    void = video.void and video.void[t]
    if not void:
        return []
    return [dict(bbox=boxes_of([void])[0].tolist(), bbox_label=0, instance_id=-1, ignore_flag=1, mask=void)]


def _instance(track: TrackAnnotation, label: int, t: int) -> dict:
    """A track in a frame that shows it, as mmdet's ``LoadTrackAnnotations`` takes it."""
    instance = dict(
        bbox=track.boxes[t].tolist(), bbox_label=label, instance_id=track.id, ignore_flag=int(track.iscrowd)
    )
    return instance | dict(mask=track.segmentations[t]) if track.segmentations else instance
