"""Class maps: they put the objects of one data set into the classes of another."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mmvis_ext.utils.errors import InputError

from .records import AnnotationFile

__all__ = ["CLASS_MAPS", "MOVING", "OTHERS", "in_classes"]

OTHERS = "*"
"""The key of a class map that stands for every category that the map does not name."""

MOVING = (
    *("person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat"),
    *("bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"),
    *("backpack", "umbrella", "handbag", "suitcase", "frisbee", "skis", "snowboard", "sports ball", "kite"),
    *("baseball bat", "baseball glove", "skateboard", "surfboard", "tennis racket"),
)
"""COCO's classes of what moves by itself and of what it carries."""

CLASS_MAPS: dict[str, dict[str, str | None]] = dict(
    coco_to_youtube_vis_2019={
        "car": "sedan",
        "motorcycle": "motorbike",
        "mouse": None,  # COCO's is a computer mouse, that of YouTube-VIS an animal
        "tennis racket": "tennis_racket",
    },
    coco_to_youtube_vis_2021={
        "frisbee": "flying_disc",
        "motorcycle": "motorbike",
        "mouse": None,
        "tennis racket": "tennis_racket",
    },
    coco_to_imagenet_vid={"boat": "watercraft", "cat": "domestic_cat", "cow": "cattle"},
    voc_to_youtube_vis_2019={"aeroplane": "airplane", "car": "sedan"},
    voc_to_youtube_vis_2021={"aeroplane": "airplane"},
    object={OTHERS: "object"},
    coco_moving=dict.fromkeys(MOVING, "object"),
)
"""Class maps by name. Each lists only the categories that go to a class of another name, or to none although a class
has their name; for the others see :func:`in_classes`. ``object`` puts the objects of any data set into one class,
``coco_moving`` those of :data:`MOVING`."""


def in_classes(file: AnnotationFile, class_map: Mapping[str, str | None], classes: Sequence[str]) -> AnnotationFile:
    """Put the objects of a file into the classes of another data set.

    A category goes to the class that ``class_map`` names for it; ``None`` means no class. A category that the map does
    not name goes to the class under :data:`OTHERS` or, where the map has no such key, to the class of its own name, if
    there is one. Objects without a class are left out. The classes get ids from 1.

    With ``{"car": "sedan", "mouse": None}`` and the classes ``("dog", "sedan", "mouse")``, cars become sedans, dogs
    stay dogs, and all other objects are left out, mice included.

    Args:
        file: the annotations.
        class_map: class name, or ``None``, by category name.
        classes: class names in label order.

    Raises:
        InputError: the map names a category that the file lacks, or a class that is not in ``classes``.
    """
    names = {c["id"]: c["name"] for c in file.categories}
    lacking = sorted(set(class_map) - set(names.values()) - {OTHERS})
    strange = sorted({c for c in class_map.values() if c is not None} - set(classes))
    if lacking or strange:
        said = f"categories {lacking} that the file lacks" if lacking else f"classes {strange} that are not in the list"
        raise InputError(f"{file.path}: class_map names {said}; correct class_map or metainfo.classes in the config.")
    ids = {name: number for number, name in enumerate(classes, 1)}
    new_ids = {
        old: ids[new] for old, name in names.items() if (new := class_map.get(name, class_map.get(OTHERS, name))) in ids
    }
    videos = [
        replace(
            video,
            tracks=video.tracks
            and [replace(t, category_id=new_ids[t.category_id]) for t in video.tracks if t.category_id in new_ids],
        )
        for video in file.videos
    ]
    return AnnotationFile(file.path, [dict(id=number, name=name) for name, number in ids.items()], videos)
