"""Reads ground truth and results in the official form and refuses, in a sentence, what cannot be evaluated."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmvis_ext.errors import InputError
from mmvis_ext.structures.rle import RLE, boxes_of, to_rle

from .tubes import Tube, box_tube, counts_fill, mask_tube

__all__ = ["Category", "Entry", "Video", "read_categories", "read_videos", "result_entries", "truth_entries"]


@dataclass(frozen=True)
class Video:
    """Size in pixels and number of frames of one video."""

    id: int
    height: int
    width: int
    length: int


@dataclass(frozen=True)
class Category:
    """One class of the ground truth."""

    id: int
    name: str


@dataclass(frozen=True)
class Entry:
    """One ground truth or one result.

    Attributes:
        area: mean area in pixels over the frames in which the object is present; decides the area range.
        score: of a result.
        crowd: of a ground truth: results may match it any number of times and then count neither way.
    """

    video_id: int
    category_id: int
    tube: Tube
    area: float
    score: float = 1.0
    crowd: bool = False


def read_videos(gt: dict, where: str) -> dict[int, Video]:
    """The videos of an annotation file by id.

    Raises:
        InputError: there is no list of videos, it is empty, an id stands twice, or a size is not a positive whole
            number.
    """
    videos: dict[int, Video] = {}
    records = _records(gt, "videos", where)
    if not records:
        raise InputError(f"{where}: 'videos' is empty; give an annotation file that lists at least one video.")
    for i, item in enumerate(records):
        here = f"{where}: video {item.get('id', f'number {i}')}"
        size = dict(length=len(item.get("file_names") or ())) | item
        _require(size, ("id", "height", "width", "length"), here)
        for field in ("height", "width", "length"):
            if not isinstance(size[field], int) or size[field] < 1:
                raise InputError(
                    f"{here}: '{field}' is a positive whole number, not {size[field]!r}; correct the file."
                )
        videos[_new(size["id"], videos, here)] = Video(size["id"], size["height"], size["width"], size["length"])
    return videos


def read_categories(gt: dict, where: str) -> dict[int, Category]:
    """The classes of an annotation file by id, in the order of their ids.

    Raises:
        InputError: there is no list of categories, or an id stands twice.
    """
    categories: dict[int, Category] = {}
    for i, item in enumerate(_records(gt, "categories", where)):
        here = f"{where}: category {item.get('id', f'number {i}')}"
        _require(item, ("id",), here)
        categories[_new(item["id"], categories, here)] = Category(item["id"], str(item.get("name", item["id"])))
    return dict(sorted(categories.items()))


def truth_entries(
    gt: dict, videos: dict[int, Video], categories: dict[int, Category], iou_type: str, where: str
) -> list[Entry]:
    """The annotations of a file, in its order.

    The mean area is that of the file's ``areas`` where it has them, as in the official evaluation; nulls and zeros are
    left out of the mean.

    Raises:
        InputError: the file has no annotations, an id stands twice, or an annotation cannot be evaluated.
    """
    if gt.get("annotations") is None:
        raise InputError(
            f"{where}: there are no 'annotations', so no AP can be computed; use a split whose annotations are public, "
            "or send the results to the benchmark's server."
        )
    seen: set[int] = set()
    truths = []
    for i, item in enumerate(_records(gt, "annotations", where)):
        here = f"{where}: annotation {item.get('id', f'number {i}')}"
        _require(item, ("id", "video_id", "category_id"), here)
        seen.add(_new(item["id"], seen, here))
        tube = _tube(item, _video_of(item, videos, categories, here), iou_type, here)
        area = tube.mean_area if item.get("areas") is None else _mean_area(item["areas"], here)
        crowd = bool(item.get("iscrowd", 0))
        truths.append(Entry(item["video_id"], item["category_id"], tube, area, crowd=crowd))
    return truths


def result_entries(
    results: list[dict], videos: dict[int, Video], categories: dict[int, Category], iou_type: str, where: str
) -> list[Entry]:
    """Results in the official form, in their order.

    Raises:
        InputError: an entry has an unknown video or class, a score that is not finite, another number of frames than
            its video, or a mask or box that cannot be read.
    """
    if not isinstance(results, list):
        raise InputError(f"{where}: results are a list of entries, not {type(results).__name__}; give a results.json.")
    entries = []
    tubes: dict[tuple, Tube] = {}  # a track that stands under several classes shares its list of masks: check it once
    for i, item in enumerate(results):
        here = f"{where}: entry {i}"
        if not isinstance(item, dict):
            raise InputError(f"{here} is {type(item).__name__}, not a dictionary; give a YouTube-VIS results.json.")
        _require(item, ("video_id", "category_id", "score"), here)
        video = _video_of(item, videos, categories, here)
        score = item["score"]
        if not _is_number(score):
            raise InputError(f"{here}: 'score' is a finite number, not {score!r}; look for NaN in the model's output.")
        track = (video.id, id(item.get("bboxes")), id(item.get("segmentations")))
        tube = tubes.get(track) or tubes.setdefault(track, _tube(item, video, iou_type, here))
        entries.append(Entry(video.id, item["category_id"], tube, tube.mean_area, score=float(score)))
    return entries


def _records(gt: Any, field: str, where: str) -> list[dict]:
    """The list of dictionaries under ``field``."""
    records = gt.get(field) if isinstance(gt, dict) else None
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        found = f"only {', '.join(map(repr, gt))}" if isinstance(gt, dict) and field not in gt else "something else"
        raise InputError(
            f"{where}: there is no list '{field}' but {found}; give an annotation file in the YouTube-VIS form "
            "(an image file in the COCO form has no videos)."
        )
    return records


def _require(item: dict, fields: Iterable[str], here: str) -> None:
    missing = [field for field in fields if field not in item]
    if missing:
        raise InputError(f"{here}: the field '{missing[0]}' is missing; complete the entry.")


def _new(key: Any, seen: Iterable, here: str) -> Any:
    """``key``, if it is an id that was not seen before."""
    if not isinstance(key, Hashable):
        raise InputError(f"{here}: 'id' is a number, not {type(key).__name__}; correct the file.")
    if key in seen:
        raise InputError(f"{here}: the id stands twice in the file; give each its own.")
    return key


def _video_of(item: dict, videos: dict[int, Video], categories: dict[int, Category], here: str) -> Video:
    """The video that an entry belongs to, once its video and its class are known to exist."""
    for field, known in (("video_id", videos), ("category_id", categories)):
        if not isinstance(item[field], Hashable) or item[field] not in known:
            raise InputError(
                f"{here}: '{field}' {item[field]!r} is not among the annotation file's ids; "
                "use the annotation file that the entry was made for, or correct the entry."
            )
    return videos[item["video_id"]]


def _tube(item: dict, video: Video, iou_type: str, here: str) -> Tube:
    """The entry's masks, its boxes, or for ``bbox`` the boxes of its masks where it has no boxes of its own."""
    if iou_type == "bbox" and item.get("bboxes") is not None:
        return box_tube(_read_boxes(_frames(item, "bboxes", video, here), here))
    if "segmentations" not in item and "bboxes" in item:
        raise InputError(f"{here}: has boxes alone, so masks cannot be compared; evaluate with the IoU type 'bbox'.")
    masks = _read_masks(_frames(item, "segmentations", video, here), video, here)
    return mask_tube(masks) if iou_type == "segm" else box_tube(boxes_of(masks))


def _frames(item: dict, field: str, video: Video, here: str) -> list:
    """The list under ``field``, which has one item per frame."""
    _require(item, (field,), here)
    if not isinstance(item[field], list) or len(item[field]) != video.length:
        found = f"{len(item[field])}" if isinstance(item[field], list) else f"{type(item[field]).__name__}, not a list"
        raise InputError(
            f"{here}: '{field}' has one item per frame, {video.length} in video {video.id}, but here it has {found}; "
            "write null for the frames in which the object is absent."
        )
    return item[field]


def _read_masks(segmentations: list, video: Video, here: str) -> list[RLE | None]:
    """One compressed RLE or ``None`` per frame.

    Compressed masks of the right size, which is what results hold, are checked all at once; anything else is converted,
    or refused in a sentence, one frame at a time.
    """
    size = [video.height, video.width]
    present = [s for s in segmentations if s is not None]
    if all(
        isinstance(s, dict) and s.get("size") == size and isinstance(s.get("counts"), str) for s in present
    ) and counts_fill([s["counts"] for s in present], video.height * video.width):
        return segmentations
    return [to_rle(s, video.height, video.width, f"{here}, frame {t}") for t, s in enumerate(segmentations)]


def _read_boxes(bboxes: list, here: str) -> np.ndarray:
    """(T, 4) float64 xyxy of boxes ``[x, y, width, height]``; zeros for ``None``."""
    for t, box in enumerate(bboxes):
        if box is not None and not (
            isinstance(box, list | tuple) and len(box) == 4 and all(map(_is_number, box)) and min(box[2:]) >= 0
        ):
            raise InputError(
                f"{here}, frame {t}: a box is [x, y, width, height] in pixels or null, not {box!r}; correct it."
            )
    xywh = np.array([(0, 0, 0, 0) if box is None else box for box in bboxes], dtype=np.float64)
    return np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)


def _mean_area(areas: Any, here: str) -> float:
    if not isinstance(areas, list) or not all(a is None or _is_number(a) for a in areas):
        raise InputError(f"{here}: 'areas' is a list of numbers and nulls, one per frame; correct it or leave it out.")
    present = [a for a in areas if a]
    return float(np.mean(present)) if present else 0.0


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and bool(np.isfinite(value))
