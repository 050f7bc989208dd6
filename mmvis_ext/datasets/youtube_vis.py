"""YouTube-VIS 2019, 2021, 2022, OVIS and anything in their format."""

from collections import defaultdict
from itertools import takewhile
from typing import Any, NamedTuple

from mmdet.datasets import BaseVideoDataset
from mmengine.fileio import join_path
from mmengine.logging import print_log

from mmvis_ext.errors import InputError
from mmvis_ext.registry import DATASETS

from .annotation_file import read_annotation_file
from .randomness import seeded
from .records import AnnotationFile, TrackAnnotation, VideoRecord

__all__ = ["ClipIndex", "Draw", "YouTubeVISDataset"]


class Draw(NamedTuple):
    """One training sample: a video and the seed of all that is random about it."""

    video: int
    seed: int


class ClipIndex(NamedTuple):
    """One test sample: the frames ``start`` to ``stop`` of a video."""

    video: int
    start: int
    stop: int


@DATASETS.register_module()
class YouTubeVISDataset(BaseVideoDataset):
    """Videos with instance tracks, from the official JSON or from its CocoVID form, unconverted.

    What it mends in mmdet's class: track id 0 is an id like any other, frames without objects stay (absence is
    supervised), classes belong to the instance and come from the file or the config, and category ids are kept.

    Args:
        fps: read the videos at this lower frame rate: frame 0 and then, evenly, ``fps`` of every ``source_fps`` frames.
            ``None`` keeps all frames.
        clips: config of the transform that draws a training sample's frames (:class:`ClipSample`); it runs in front of
            the pipeline. Not used at test.
        source_fps: frame rate of the annotated frames on disk; YouTube-VIS annotates 6 per second.
        filter_cfg: ``min_size`` drops videos whose shorter side is below it (pixels); ``filter_empty_gt=True`` drops
            videos in which no frame shows an object. Training only.
        kwargs: of mmengine's ``BaseDataset``. ``metainfo=dict(classes=(...))`` selects and orders categories by name.

    Metainfo: ``classes`` (names in label order) and ``categories`` (the file's ``{'id', 'name'}`` in label order).

    Items: in training a dict of per-frame lists run through the pipeline, for an index or a :class:`Draw`; at test
    the frames of a :class:`ClipIndex`, or of the whole video for an index.

    Raises:
        InputError: see :func:`read_annotation_file`; also for class names that the file lacks, and where filtering
            leaves nothing.
    """

    def __init__(
        self, *args: Any, clips: dict | None = None, fps: float | None = None, source_fps: float = 6.0, **kwargs: Any
    ) -> None:
        if fps is not None and not 0 < fps <= source_fps:
            raise InputError(f"fps={fps} must be above 0 and at most source_fps={source_fps}; correct the config.")
        self.step = 1.0 if fps is None else source_fps / fps
        if clips is not None and not kwargs.get("test_mode", False):
            kwargs["pipeline"] = [clips, *kwargs.get("pipeline", [])]
        super().__init__(*args, **kwargs)

    def read(self) -> AnnotationFile:
        """The annotation file as records; the place to override for another format."""
        return read_annotation_file(self.ann_file)

    def load_data_list(self) -> list[dict]:
        """One dict per video, with its ``images``, its size and its official ``annotations``; settles the classes.

        Raises:
            InputError: see :func:`read_annotation_file`; also for class names that the file lacks.
        """
        file = self.read()
        categories = self._select_categories(file)
        self._metainfo.update(classes=tuple(c["name"] for c in categories), categories=tuple(categories))
        labels = {c["id"]: label for label, c in enumerate(categories)}
        videos = (video.frames(evenly(len(video.file_names), self.step)) for video in file.videos)
        return [self._video_info(video, labels) for video in videos]

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
        tracks = None if video.tracks is None else [t for t in video.tracks if t.category_id in labels]
        shown = [(track, labels[track.category_id], track.visible) for track in tracks or ()]
        images = [
            dict(
                img_id=image_id,
                img_path=join_path(self.data_prefix.get("img_path", ""), name),
                file_name=name,
                frame_id=t,
                video_id=video.id,
                height=video.height,
                width=video.width,
                instances=[_instance(track, label, t) for track, label, visible in shown if visible[t]],
            )
            for t, (image_id, name) in enumerate(zip(video.image_ids, video.file_names, strict=True))
        ]
        return dict(
            video_id=video.id,
            video_length=len(images),
            images=images,
            height=video.height,
            width=video.width,
            annotations=None if tracks is None else [t.official(video.id) for t in tracks],
        )

    def filter_data(self) -> list[dict]:
        """The videos that ``filter_cfg`` leaves.

        Raises:
            InputError: it leaves none.
        """
        cfg = self.filter_cfg or {}
        kept = self.data_list
        if not self.test_mode:
            kept = [v for v in kept if min(v["height"], v["width"]) >= cfg.get("min_size", 1)]
            if cfg.get("filter_empty_gt", False):
                kept = [v for v in kept if any(image["instances"] for image in v["images"])]
            if all(v["annotations"] is None for v in kept):
                kept = []
        if not kept:
            raise InputError(
                f"{self.ann_file}: no video is left for {'testing' if self.test_mode else 'training'} out of "
                f"{len(self.data_list)}; check filter_cfg, the classes, and that the file has annotations."
            )
        print_log(f"{self.ann_file}: {len(kept)} of {len(self.data_list)} videos kept", "current")
        return kept

    def prepare_data(self, idx: int | Draw | ClipIndex) -> Any:
        """Run the pipeline on a video or a window of it; what is random in it depends on a :class:`Draw`'s seed."""
        if isinstance(idx, Draw):
            with seeded(idx.seed):
                return self.pipeline(self.get_data_info(idx.video))
        video = self.get_data_info(idx.video if isinstance(idx, ClipIndex) else idx)
        if not self.test_mode:
            return self.pipeline(video)
        start, stop = (idx.start, idx.stop) if isinstance(idx, ClipIndex) else (0, video["video_length"])
        return self.pipeline(self._window(video, start, stop))

    def _window(self, video: dict, start: int, stop: int) -> dict:
        """The frames of a window as a dict of lists, as mmdet's video transforms take them."""
        frames = defaultdict(list)
        for image in video["images"][start:stop]:
            for key, value in image.items():
                frames[key].append(value)
            frames["ori_video_length"].append(video["video_length"])
            frames["video_length"].append(stop - start)
        about = dict(
            id=video["video_id"],
            height=video["height"],
            width=video["width"],
            length=video["video_length"],
            start=start,
            # the evaluator needs them once per video
            annotations=video["annotations"] if stop == video["video_length"] else None,
        )
        frames["video"] = [about] * (stop - start)
        return frames

    def __getitem__(self, idx: int | Draw | ClipIndex) -> dict:
        """As mmengine's, but a sample that cannot be had is an error, never silently another one."""
        if not self._fully_initialized:
            self.full_init()
        return self.prepare_data(idx)


def evenly(length: int, step: float) -> list[int]:
    """Frame numbers below ``length`` that lie ``step`` frames apart, 0 first; each is rounded down.

    A step of 1.2 gives 0, 1, 2, 3, 4, 6, 7 ...: the gaps differ by one frame at most, and the mean gap is the step.
    """
    exact = 1e-6  # a step such as 6 / 0.2 may lie a little below the whole number that is meant
    numbers = (int(k * step + exact) for k in range(length))
    return list(takewhile(lambda t: t < length, numbers))


def _instance(track: TrackAnnotation, label: int, t: int) -> dict:
    """A track in a frame that shows it, as mmdet's ``LoadTrackAnnotations`` takes it."""
    instance = dict(
        bbox=track.boxes[t].tolist(), bbox_label=label, instance_id=track.id, ignore_flag=int(track.iscrowd)
    )
    return instance | dict(mask=track.segmentations[t]) if track.segmentations else instance
