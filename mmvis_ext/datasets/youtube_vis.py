"""YouTube-VIS 2019, 2021, 2022, OVIS and anything in their format."""

from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.registry import DATASETS

from .video_dataset import VideoDataset

__all__ = ["YouTubeVISDataset"]


@DATASETS.register_module()
class YouTubeVISDataset(VideoDataset):
    """Videos with instance tracks, from the official JSON or from its CocoVID form, unconverted.

    Args:
        kwargs: of :class:`VideoDataset`.

    Raises:
        InputError: see :func:`read_annotation_file` and :class:`VideoDataset`.
    """

    def read(self) -> AnnotationFile:
        return read_annotation_file(self.ann_file, strict=self.strict)
