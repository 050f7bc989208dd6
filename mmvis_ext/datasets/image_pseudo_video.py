"""Still images as videos of one frame."""

from collections.abc import Mapping
from typing import Any

from mmvis_ext.errors import InputError
from mmvis_ext.registry import DATASETS

from .image_file import OTHERS, in_classes, read_image_file
from .records import AnnotationFile
from .youtube_vis import YouTubeVISDataset

__all__ = ["CLASS_MAPS", "ImagePseudoVideoDataset"]

CLASS_MAPS: dict[str, dict[str, str | None]] = dict(
    coco_to_youtube_vis_2019={
        "car": "sedan",
        "motorcycle": "motorbike",
        "mouse": None,  # the computer's; YouTube-VIS means the animal
        "tennis racket": "tennis_racket",
    },
    coco_to_youtube_vis_2021={
        "frisbee": "flying_disc",
        "motorcycle": "motorbike",
        "mouse": None,
        "tennis racket": "tennis_racket",
    },
    voc_to_youtube_vis_2019={"aeroplane": "airplane", "car": "sedan"},
    voc_to_youtube_vis_2021={"aeroplane": "airplane"},
    object={OTHERS: "object"},
)
"""Where the names of an image data set and those of a video data set differ in more than the name being absent;
``object`` puts the objects of any data set into one class."""


@DATASETS.register_module()
class ImagePseudoVideoDataset(YouTubeVISDataset):
    """Images of a COCO instance file, each a video of one frame; a clip shows its image again and again.

    With :class:`PseudoMotion` in the pipeline the frames of a clip differ. For still images as they are,
    ``clips=dict(type="ClipSample", clip_len=1)``; at test each image is a video.

    Args:
        class_map: puts the objects into the classes of another data set, which ``metainfo.classes`` then names: a
            name in :data:`CLASS_MAPS`, or a dict from category name to class name or ``None``. A category that the
            dict does not speak of goes to the class of ``"*"`` if the dict has it, and to that of its own name if not.
            A dict with ``"*"`` names all classes, so they may be left out of ``metainfo``: ``class_map="object"``.
            Objects without a class are left out, and images without objects by
            ``filter_cfg=dict(filter_empty_gt=True)``. ``None`` keeps the file's own classes.
        workers: processes that read the masks; one per core by default.
        kwargs: of :class:`YouTubeVISDataset`; ``filter_cfg`` speaks of images.

    Raises:
        InputError: see :meth:`read_images` and :func:`in_classes`; also for an unknown name of a map, or a map without
            classes.
    """

    def __init__(
        self,
        *args: Any,
        class_map: str | Mapping[str, str | None] | None = None,
        workers: int | None = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(class_map, str) and class_map not in CLASS_MAPS:
            raise InputError(f"class_map {class_map!r} is unknown; choose one of {sorted(CLASS_MAPS)} or give a dict.")
        self.class_map = CLASS_MAPS[class_map] if isinstance(class_map, str) else class_map
        self.workers = workers
        super().__init__(*args, **kwargs)

    def read(self) -> AnnotationFile:
        file = self.read_images()
        return file if self.class_map is None else in_classes(file, self.class_map, self._classes(self.class_map))

    def read_images(self) -> AnnotationFile:
        """The images in classes of their own; the place to override for another format.

        Raises:
            InputError: see :func:`read_image_file`.
        """
        return read_image_file(self.ann_file, workers=self.workers)

    def _classes(self, class_map: Mapping[str, str | None]) -> list[str]:
        """Names of the classes to map to, in label order."""
        classes = self._metainfo.get("classes")
        if classes is None and OTHERS in class_map:
            classes = dict.fromkeys(name for name in class_map.values() if name is not None)
        if not classes:
            raise InputError(
                f"{self.ann_file}: class_map has no classes to map to; give metainfo=dict(classes=(...)), or mix the "
                "images with videos in a MixedDataset, which hands on theirs."
            )
        return list(classes)
