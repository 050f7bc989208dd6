"""Pascal VOC 2012's images with instance masks, as videos of one frame."""

from collections.abc import Mapping
from typing import Any

from mmvis_ext.registry import DATASETS

from .image_pseudo_video import ImagePseudoVideoDataset
from .records import AnnotationFile
from .voc_files import VOC_CLASSES, Folders, read_image_list, read_voc_images

__all__ = ["VOCPseudoVideoDataset"]

FOLDERS = dict(img_path="JPEGImages", ann_path="SegmentationObject", class_path="SegmentationClass")


@DATASETS.register_module()
class VOCPseudoVideoDataset(ImagePseudoVideoDataset):
    """Images of Pascal VOC 2012 with instance masks, from the official folders, each a video of one frame.

    ``ann_file`` is a list of images: ``ImageSets/Segmentation/train.txt``, ``val.txt`` or ``trainval.txt``. All PNGs
    are read at each start, on every core. Classes are the 20 official ones, :data:`VOC_CLASSES`, with ids from 1;
    ``class_map`` leads to those of another data set. Track ids are the object ids. Void pixels belong to no object.

    Args:
        data_prefix: ``img_path``, ``ann_path`` and ``class_path``, the folders of the images, of the PNGs of objects
            and of those of classes; the official ones by default.
        kwargs: of :class:`ImagePseudoVideoDataset`.

    Raises:
        InputError: see :func:`read_image_list`, :func:`read_voc_images` and :class:`ImagePseudoVideoDataset`.
    """

    def __init__(self, *args: Any, data_prefix: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, data_prefix=FOLDERS | dict(data_prefix or {}), **kwargs)

    def read_images(self) -> AnnotationFile:
        folders = Folders(*(self.data_prefix[key] for key in FOLDERS))
        videos = read_voc_images(read_image_list(self.ann_file), folders, self.workers)
        categories = [dict(id=number, name=name) for number, name in enumerate(VOC_CLASSES, 1)]
        return AnnotationFile(self.ann_file, categories, videos)
