"""DAVIS: videos of objects without classes, as indexed PNGs (2019) or as masks of one object (2016)."""

import logging
import os
from collections.abc import Mapping
from typing import Any, ClassVar

from mmengine.logging import print_log

from mmvis_ext.annotations.davis import OBJECT, read_davis_videos
from mmvis_ext.annotations.lists import read_frame_list, read_sequence_list
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.registry import DATASETS
from mmvis_ext.utils.errors import InputError

from .video_dataset import VideoDataset

__all__ = ["DAVIS2016Dataset", "DAVISUnsupervisedDataset"]


@DATASETS.register_module()
class DAVISUnsupervisedDataset(VideoDataset):
    """Sequences of DAVIS 2019 (unsupervised) from the official folders, unconverted.

    ``ann_file`` is the list of the sequences, ``ImageSets/2017/train.txt`` or a test list of ``ImageSets/2019``. All
    PNGs are read at each start, on every core. There is one class, ``object``; track ids are the object ids, from 1.
    Void pixels belong to no object. A sequence of the test sets has no annotations.

    At test, the last window of a video carries two more entries in ``video`` (see :class:`VideoDataset`).
    ``file_names`` are those of the frames, relative to the image folder; ``truth_files`` are the paths of their PNGs,
    in which :class:`DAVISMetric` finds the void pixels, or ``None`` without annotations.

    Args:
        data_prefix: ``img_path`` and ``ann_path``, the folders of the sequences' frames and PNGs; 480p by default.
        workers: processes that read the PNGs; one per core by default.
        source_fps: frame rate of the frames on disk, from which ``fps`` selects.
        kwargs: of :class:`VideoDataset`.

    Raises:
        InputError: see :func:`read_sequence_list`, :func:`read_davis_videos` and :class:`VideoDataset`.
    """

    folders: ClassVar[dict[str, str]] = dict(img_path="JPEGImages/480p", ann_path="Annotations_unsupervised/480p")

    def __init__(
        self,
        *args: Any,
        data_prefix: Mapping[str, str] | None = None,
        workers: int | None = None,
        source_fps: float = 24.0,
        **kwargs: Any,
    ) -> None:
        self.workers = workers
        super().__init__(*args, data_prefix=self.folders | dict(data_prefix or {}), source_fps=source_fps, **kwargs)

    def read(self) -> AnnotationFile:
        folders = self.both_folders()
        videos = read_davis_videos(read_sequence_list(self.ann_file), *folders, self.workers, self.strict)
        return AnnotationFile(self.ann_file, [dict(OBJECT)], videos)

    def both_folders(self) -> tuple[str, str]:
        """The folders of frames and of annotations; without the second one there is a warning.

        Raises:
            InputError: there are no annotations to train on.
        """
        images, annotations = self.data_prefix["img_path"], self.data_prefix["ann_path"]
        if not os.path.isdir(annotations):
            if not self.test_mode:
                raise InputError(
                    f"{annotations}: there is no such folder, and training needs its annotations; fetch them, or check "
                    "data_prefix.ann_path."
                )
            print_log(f"{annotations}: there is no such folder, so results are not judged.", "current", logging.WARNING)
        return images, annotations

    def about(self, video: dict, start: int, stop: int) -> dict:
        about = super().about(video, start, stop)
        if stop < video["video_length"]:
            return about
        names = [image["file_name"] for image in video["images"]]
        pngs = [os.path.join(self.data_prefix["ann_path"], f"{os.path.splitext(name)[0]}.png") for name in names]
        return about | dict(file_names=names, truth_files=None if video["truth"] is None else pngs)


@DATASETS.register_module()
class DAVIS2016Dataset(DAVISUnsupervisedDataset):
    """Sequences of DAVIS 2016 (Perazzi et al. 2016) from the official folders, unconverted: one object in each.

    ``ann_file`` is a list of frames, ``ImageSets/480p/train.txt``; the frames that it names are the video, whatever
    else its folder holds. In the PNGs all that is not 0 is the object; a frame may show none. The PNGs of DAVIS 2017,
    with ids in place of 255, and its lists of sequences, ``ImageSets/2016/train.txt``, are read alike.

    Args:
        args: of :class:`DAVISUnsupervisedDataset`.
        kwargs: of :class:`DAVISUnsupervisedDataset`.

    Raises:
        InputError: see :func:`read_frame_list`, :func:`read_davis_videos` and :class:`VideoDataset`.
    """

    folders: ClassVar[dict[str, str]] = dict(img_path="JPEGImages/480p", ann_path="Annotations/480p")

    def read(self) -> AnnotationFile:
        folders = self.both_folders()
        frames = read_frame_list(self.ann_file)
        videos = read_davis_videos(frames, *folders, self.workers, self.strict, foreground=True)
        return AnnotationFile(self.ann_file, [dict(OBJECT)], videos)
