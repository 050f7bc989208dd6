"""ImageNet VID and the images of ImageNet DET that show its classes; boxes alone, no masks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mmengine.logging import print_log

from mmvis_ext.annotations.imagenet import Tree, read_det_images, read_image_sets, read_vid_videos
from mmvis_ext.annotations.records import AnnotationFile, VideoRecord
from mmvis_ext.registry import DATASETS
from mmvis_ext.utils.errors import InputError

from .video_dataset import VideoDataset

__all__ = ["VID_WNIDS", "ImageNetDETDataset", "ImageNetVIDDataset"]

VID_WNIDS = dict(
    airplane="n02691156",
    antelope="n02419796",
    bear="n02131653",
    bicycle="n02834778",
    bird="n01503061",
    bus="n02924116",
    car="n02958343",
    cattle="n02402425",
    dog="n02084071",
    domestic_cat="n02121808",
    elephant="n02503517",
    fox="n02118333",
    giant_panda="n02510455",
    hamster="n02342885",
    horse="n02374451",
    lion="n02129165",
    lizard="n01674464",
    monkey="n02484322",
    motorcycle="n03790512",
    rabbit="n02324045",
    red_panda="n02509815",
    sheep="n02411705",
    snake="n01726692",
    squirrel="n02355227",
    tiger="n02129604",
    train="n04468005",
    turtle="n01662784",
    watercraft="n04530566",
    whale="n02062744",
    zebra="n02391049",
)
"""The 30 classes of ImageNet VID, in the official order, and their WordNet ids."""


def wnids_of(metainfo: Mapping[str, Any], where: str) -> dict[str, str]:
    """The wnid of each class, in label order.

    Args:
        metainfo: of the config; without ``classes`` and ``wnids`` the classes are the 30 of :data:`VID_WNIDS`.
        where: names the data set in errors.

    Raises:
        InputError: a class has no wnid, or one of the two lists names something twice or is longer than the other.
    """
    names, wnids = metainfo.get("classes"), metainfo.get("wnids")
    if names is None and wnids is None:
        return VID_WNIDS
    if wnids is None:
        unknown = [n for n in names or () if n not in VID_WNIDS]
        if unknown:
            raise InputError(
                f"{where}: {unknown} are no classes of ImageNet VID; choose among {list(VID_WNIDS)}, or give the wnid "
                "of each class as metainfo.wnids."
            )
        wnids = [VID_WNIDS[n] for n in names or ()]
    if names is None or len(names) != len(wnids) or len(set(names)) < len(names) or len(set(wnids)) < len(wnids):
        raise InputError(
            f"{where}: metainfo.classes and metainfo.wnids must be equally long and name no class twice; correct the "
            "config."
        )
    return dict(zip(names, wnids, strict=True))


class _ImageNetDataset(VideoDataset):
    """What VID and DET share: their lists, their trees of XML files and their classes."""

    reader: Callable[[Sequence[str], Tree, int | None, bool], list[VideoRecord]]

    def __init__(self, *args: Any, workers: int | None = None, source_fps: float = 30.0, **kwargs: Any) -> None:
        self.workers = workers
        super().__init__(*args, source_fps=source_fps, **kwargs)

    def class_names(self) -> tuple[str, ...]:
        return tuple(wnids_of(self._metainfo, self.ann_file)) if self.class_map is None else super().class_names()

    def read(self) -> AnnotationFile:
        # with a class map metainfo names the classes that it leads to
        wnids = wnids_of(self._metainfo if self.class_map is None else {}, self.ann_file)
        ids = {wnid: number for number, wnid in enumerate(wnids.values(), 1)}
        tree = Tree(self.data_prefix.get("img_path", ""), self.data_prefix.get("ann_path", ""), ids)
        rows = read_image_sets(self.ann_file)
        print_log(f"{self.ann_file}: reading the XML files of {len(rows)} rows", "current")
        categories = [dict(id=ids[wnid], name=name) for name, wnid in wnids.items()]
        return AnnotationFile(self.ann_file, categories, type(self).reader(rows, tree, self.workers, self.strict))


@DATASETS.register_module()
class ImageNetVIDDataset(_ImageNetDataset):
    """Videos of ImageNet VID (ILSVRC2015) with tracks of boxes, from the official XML files.

    ``ann_file`` is an image-set list, or a pattern of several: ``ImageSets/VID/train_*.txt``. Its rows name folders of
    videos (the official training lists) or single frames (``val.txt``), below ``data_prefix.img_path`` for images
    and below ``data_prefix.ann_path`` for XML files. All XML files are read at each start, on every core; on the whole
    training set that takes minutes.

    Classes are the 30 official ones, :data:`VID_WNIDS`; ``metainfo=dict(classes=(...))`` selects some of them by name,
    and ``metainfo=dict(classes=(...), wnids=(...))`` names others. Category ids count them from 1. Objects of other
    classes are left out. Track ids are the file's.

    Args:
        workers: processes that read the XML files; one per core by default.
        source_fps: frame rate of the frames on disk, from which ``fps`` selects.
        kwargs: of :class:`VideoDataset`.

    Raises:
        InputError: see :func:`read_image_sets`, :func:`read_vid_videos` and :class:`VideoDataset`; also for classes
            without a wnid.
    """

    reader = staticmethod(read_vid_videos)


@DATASETS.register_module()
class ImageNetDETDataset(_ImageNetDataset):
    """Images of ImageNet DET that show a class of ImageNet VID, as videos of one frame.

    ``ann_file`` names lists of images, ``ImageSets/DET/train_*.txt``. Of a list for one class only the images marked 1
    count: they show the class and are fully annotated with it. Images without an object of the classes are left out.
    The objects of an image are tracks 0, 1, ... A training clip repeats its image. Folders and classes are set as in
    :class:`ImageNetVIDDataset`.

    Args:
        workers: processes that read the XML files; one per core by default.
        kwargs: of :class:`VideoDataset`.

    Raises:
        InputError: see :func:`read_image_sets`, :func:`read_det_images` and :class:`VideoDataset`; also for classes
            without a wnid.
    """

    reader = staticmethod(read_det_images)
