"""Still images as videos of one frame: COCO's and those of Pascal VOC 2012."""

from collections.abc import Mapping
from typing import Any

from mmvis_ext.annotations.coco import read_image_file
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.annotations.voc import VOC_CLASSES, Folders, read_image_list, read_voc_images
from mmvis_ext.registry import DATASETS

from .video_dataset import VideoDataset

__all__ = ["ImagePseudoVideoDataset", "VOCPseudoVideoDataset"]

VOC_FOLDERS = dict(img_path="JPEGImages", ann_path="SegmentationObject", class_path="SegmentationClass")


@DATASETS.register_module()
class ImagePseudoVideoDataset(VideoDataset):
    """Images of a COCO instance file, each a video of one frame; a training clip repeats its image.

    With :class:`PseudoMotion` in the pipeline the frames of a clip differ. To train on single images, set
    ``clips=dict(type="ClipSample", clip_len=1)``.

    Args:
        workers: processes that read the masks; one per core by default.
        kwargs: of :class:`VideoDataset`; its ``filter_cfg`` applies to each image.

    Raises:
        InputError: see :func:`read_image_file` and :class:`VideoDataset`.
    """

    def __init__(self, *args: Any, workers: int | None = None, **kwargs: Any) -> None:
        self.workers = workers
        super().__init__(*args, **kwargs)

    def read(self) -> AnnotationFile:
        return read_image_file(self.ann_file, workers=self.workers, strict=self.strict)


@DATASETS.register_module()
class VOCPseudoVideoDataset(VideoDataset):
    """Images of Pascal VOC 2012 with instance masks, from the official folders, each a video of one frame.

    ``ann_file`` is a list of images: ``ImageSets/Segmentation/train.txt``, ``val.txt`` or ``trainval.txt``. All PNGs
    are read at each start, on every core. Classes are the 20 official ones, :data:`VOC_CLASSES`, with ids from 1;
    ``class_map`` turns them into those of another data set. Track ids are the object ids. Void pixels belong to no
    object.

    Args:
        data_prefix: ``img_path``, ``ann_path`` and ``class_path``, the folders of the images, of the PNGs of objects
            and of those of classes; the official ones by default.
        workers: processes that read the PNGs; one per core by default.
        kwargs: of :class:`VideoDataset`.

    Raises:
        InputError: see :func:`read_image_list`, :func:`read_voc_images` and :class:`VideoDataset`.
    """

    def __init__(
        self, *args: Any, data_prefix: Mapping[str, str] | None = None, workers: int | None = None, **kwargs: Any
    ) -> None:
        self.workers = workers
        super().__init__(*args, data_prefix=VOC_FOLDERS | dict(data_prefix or {}), **kwargs)

    def read(self) -> AnnotationFile:
        folders = Folders(*(self.data_prefix[key] for key in VOC_FOLDERS))
        videos = read_voc_images(read_image_list(self.ann_file), folders, self.workers)
        categories = [dict(id=number, name=name) for number, name in enumerate(VOC_CLASSES, 1)]
        return AnnotationFile(self.ann_file, categories, videos)
