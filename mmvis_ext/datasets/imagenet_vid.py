"""ImageNet VID and the images of ImageNet DET that show its classes; boxes alone, no masks."""

from typing import Any

from mmengine.logging import print_log

from mmvis_ext.errors import InputError
from mmvis_ext.registry import DATASETS

from .imagenet_files import Tree, read_det_images, read_image_sets, read_vid_videos
from .records import AnnotationFile, VideoRecord
from .youtube_vis import YouTubeVISDataset

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


@DATASETS.register_module()
class ImageNetVIDDataset(YouTubeVISDataset):
    """Videos of ImageNet VID (ILSVRC2015) with tracks of boxes, from the XML files as they unpack.

    ``ann_file`` is an image-set list, or a pattern of several: ``ImageSets/VID/train_*.txt``. Its rows name folders of
    videos (the official training lists) or single frames (``val.txt``), below ``data_prefix.img_path`` for images
    and below ``data_prefix.ann_path`` for XML files. All XML files are read at each start, on every core; on the whole
    training set that takes minutes.

    Classes are the 30 official ones, :data:`VID_WNIDS`; ``metainfo=dict(classes=(...))`` selects some of them by name,
    and ``metainfo=dict(classes=(...), wnids=(...))`` names others. Category ids count them from 1. Objects of other
    classes are left out. Track ids are the file's.

    Args:
        workers: processes that read the XML files; one per core by default.
        source_fps: frame rate of the frames on disk, for ``fps``.
        kwargs: of :class:`YouTubeVISDataset`.

    Raises:
        InputError: see :func:`read_image_sets` and :func:`read_vid_videos`; also for classes without a wnid.
    """

    def __init__(self, *args: Any, workers: int | None = None, source_fps: float = 30.0, **kwargs: Any) -> None:
        self.workers = workers
        super().__init__(*args, source_fps=source_fps, **kwargs)

    def read(self) -> AnnotationFile:
        wnids = self._wnids()
        ids = {wnid: number for number, wnid in enumerate(wnids.values(), 1)}
        tree = Tree(self.data_prefix.get("img_path", ""), self.data_prefix.get("ann_path", ""), ids)
        rows = read_image_sets(self.ann_file)
        print_log(f"{self.ann_file}: reading the XML files of {len(rows)} rows", "current")
        categories = [dict(id=ids[wnid], name=name) for name, wnid in wnids.items()]
        return AnnotationFile(self.ann_file, categories, self.read_videos(rows, tree))

    def read_videos(self, rows: list[str], tree: Tree) -> list[VideoRecord]:
        """The videos that the rows of the lists name."""
        return read_vid_videos(rows, tree, self.workers)

    def _wnids(self) -> dict[str, str]:
        """The wnid of each class, in label order."""
        names, wnids = self._metainfo.get("classes"), self._metainfo.get("wnids")
        if names is None and wnids is None:
            return VID_WNIDS
        if wnids is None:
            unknown = [n for n in names if n not in VID_WNIDS]
            if unknown:
                raise InputError(
                    f"{self.ann_file}: {unknown} are no classes of ImageNet VID; choose among {list(VID_WNIDS)}, or "
                    "give the wnid of each class as metainfo.wnids."
                )
            wnids = [VID_WNIDS[n] for n in names]
        if names is None or len(names) != len(wnids) or len(set(names)) < len(names) or len(set(wnids)) < len(wnids):
            raise InputError(
                f"{self.ann_file}: metainfo.classes and metainfo.wnids must be equally long and name no class twice; "
                "correct the config."
            )
        return dict(zip(names, wnids, strict=True))


@DATASETS.register_module()
class ImageNetDETDataset(ImageNetVIDDataset):
    """Images of ImageNet DET that show a class of ImageNet VID, as videos of one frame.

    ``ann_file`` names lists of images, ``ImageSets/DET/train_*.txt``; of a list by class only the images that are
    fully annotated with it (1) count. Images without an object of the classes are left out. The objects of an image
    are tracks 0, 1, ... A clip shows its image again and again.

    Args:
        kwargs: of :class:`ImageNetVIDDataset`.

    Raises:
        InputError: see :func:`read_image_sets` and :func:`read_det_images`.
    """

    def read_videos(self, rows: list[str], tree: Tree) -> list[VideoRecord]:
        return read_det_images(rows, tree, self.workers)
