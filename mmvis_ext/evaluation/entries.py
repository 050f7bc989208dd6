"""The entries that are compared: tracks of an annotation file and of results, which are checked here."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from mmvis_ext.annotations.checks import is_number
from mmvis_ext.annotations.records import AnnotationFile, VideoRecord
from mmvis_ext.structures import Tube, box_tube, boxes_of, mask_tube, to_rles
from mmvis_ext.utils.errors import InputError

from .occlusion import occlusion_score

__all__ = ["Entry", "judgeable", "result_entries", "truth_entries"]


@dataclass(frozen=True)
class Entry:
    """One ground truth or one result.

    Attributes:
        area: mean area in pixels over the frames in which the object is present; it decides the area range.
        score: of a result; 1 for a ground truth.
        crowd: whether a ground truth is a crowd: any number of results may match it, and these then count neither as
            right nor as wrong.
        occlusion: occlusion score of a ground truth in 0..0.75; ``None`` where the file does not say.
    """

    video_id: int
    category_id: int
    tube: Tube
    area: float
    score: float = 1.0
    crowd: bool = False
    occlusion: float | None = None


def truth_entries(file: AnnotationFile, iou_type: str) -> list[Entry]:
    """The tracks of an annotation file, video by video in the order of the file.

    The mean area is that of the file's own areas where it has them, as in the official evaluation, otherwise that of
    the masks, and of the boxes where there are boxes alone. Frames with null or zero are left out of the mean.

    Args:
        file: of ground truth.
        iou_type: ``segm`` or ``bbox``, see :func:`evaluate_ytvis`.

    Raises:
        InputError: the file has no annotations, or a track has boxes alone and masks are to be compared.
    """
    if not file.has_annotations:
        raise InputError(
            f"{file.path}: there are no 'annotations', so no AP can be computed; use a split whose annotations are "
            "public, or send the results to the benchmark's server."
        )
    truths = []
    for video in file.videos:
        for track in video.tracks or ():
            boxes = box_tube(track.boxes)
            masks = mask_tube(track.segmentations) if track.segmentations else None
            tube = masks if iou_type == "segm" else boxes
            if tube is None:
                raise InputError(_boxes_alone(f"{file.path}: annotation {track.id}"))
            area = (masks or boxes).mean_area if track.areas is None else _mean_area(track.areas)
            occlusion = None if track.occlusion is None else occlusion_score(track.occlusion)
            truths.append(Entry(video.id, track.category_id, tube, area, crowd=track.iscrowd, occlusion=occlusion))
    return truths


def judgeable(results: Any, file: AnnotationFile, partial: bool = False) -> tuple[Any, dict[str, int]]:
    """Leave out results that the ground truth cannot judge, as the official evaluation leaves out unknown classes.

    Args:
        results: as :func:`evaluate_ytvis` takes them; what is no result is left for it to refuse.
        file: of ground truth.
        partial: also leave out videos that the file lacks, so that a part of a data set can be judged.

    Returns:
        The other results in their order, and how many were left out, by the field that is unknown.
    """
    known: dict[str, Any] = dict(category_id={c["id"] for c in file.categories})
    if partial:
        known["video_id"] = {video.id for video in file.videos}
    kept, left_out = [], dict.fromkeys(known, 0)
    for item in results if isinstance(results, list) else []:
        field = next((f for f in known if _is_foreign(item, f, known[f])), None)
        if field is None:
            kept.append(item)
        else:
            left_out[field] += 1
    return (kept if isinstance(results, list) else results), {f: number for f, number in left_out.items() if number}


def _is_foreign(item: Any, field: str, known: set[int]) -> bool:
    """Whether a result's id is an id, but none of the ground truth's."""
    value = item.get(field) if isinstance(item, dict) else None
    return isinstance(value, int | float) and not isinstance(value, bool) and value not in known


def result_entries(results: Any, file: AnnotationFile, iou_type: str, where: str) -> list[Entry]:
    """The entries of results in the official form, in their order.

    Args:
        results: as :func:`evaluate_ytvis` takes them.
        file: of ground truth; its videos and categories are those that results may name.
        iou_type: ``segm`` or ``bbox``.
        where: names the results in errors.

    Raises:
        InputError: an entry has an unknown video or class, a score that is not finite, another number of frames than
            its video, or a mask or box that cannot be read.
    """
    if not isinstance(results, list):
        raise InputError(f"{where}: results are a list of entries, not {type(results).__name__}; give a results.json.")
    videos = {video.id: video for video in file.videos}
    categories = {category["id"] for category in file.categories}
    entries = []
    tubes: dict[tuple, Tube] = {}  # a track that stands under several classes shares its list of masks: check it once
    for i, item in enumerate(results):
        here = f"{where}: entry {i}"
        if not isinstance(item, dict):
            raise InputError(f"{here} is {type(item).__name__}, not a dictionary; give a YouTube-VIS results.json.")
        video_id, category_id = _known(item, "video_id", videos, here), _known(item, "category_id", categories, here)
        _require(item, "score", here)
        score = item["score"]
        if not is_number(score):
            raise InputError(
                f"{here}: 'score' is a finite number, not {repr(score)[:80]}; look for NaN in the model's output."
            )
        track = (video_id, id(item.get("bboxes")), id(item.get("segmentations")))
        tube = tubes.get(track) or tubes.setdefault(track, _tube(item, videos[video_id], iou_type, here))
        entries.append(Entry(video_id, category_id, tube, tube.mean_area, score=float(score)))
    return entries


def _mean_area(areas: list[float | None]) -> float:
    present = [area for area in areas if area]
    return float(np.mean(present)) if present else 0.0


def _boxes_alone(where: str) -> str:
    return f"{where}: has boxes alone, so masks cannot be compared; evaluate with the IoU type 'bbox'."


def _require(item: dict, field: str, here: str) -> None:
    if field not in item:
        raise InputError(f"{here}: the field '{field}' is missing; complete the entry.")


def _known(item: dict, field: str, known: Any, here: str) -> int:
    """The id under ``field``, which the annotation file must have."""
    _require(item, field, here)
    value = item[field]
    if not isinstance(value, int | float | np.number) or isinstance(value, bool) or value not in known:
        raise InputError(
            f"{here}: '{field}' {repr(value)[:80]} is not among the annotation file's ids; "
            "use the annotation file that the entry was made for, or correct the entry."
        )
    return int(value)


def _tube(item: dict, video: VideoRecord, iou_type: str, here: str) -> Tube:
    """The entry's masks, its boxes, or for ``bbox`` the boxes of its masks where it has no boxes of its own."""
    if iou_type == "bbox" and item.get("bboxes") is not None:
        return box_tube(_read_boxes(_frames(item, "bboxes", video, here), here))
    if "segmentations" not in item and "bboxes" in item:
        raise InputError(_boxes_alone(here))
    masks = _frames(item, "segmentations", video, here)
    rles = to_rles(masks, video.height, video.width, lambda t: f"{here}, frame {t}")
    return mask_tube(rles) if iou_type == "segm" else box_tube(boxes_of(rles))


def _frames(item: dict, field: str, video: VideoRecord, here: str) -> list:
    """The list under ``field``, which has one item per frame."""
    _require(item, field, here)
    value, length = item[field], len(video.file_names)
    if not isinstance(value, list) or len(value) != length:
        found = f"{len(value)}" if isinstance(value, list) else f"{type(value).__name__}, not a list"
        raise InputError(
            f"{here}: '{field}' has one item per frame, {length} in video {video.id}, but here it has {found}; "
            "write null for the frames in which the object is absent."
        )
    return value


def _read_boxes(bboxes: list, here: str) -> np.ndarray:
    """(T, 4) float64 xyxy of boxes ``[x, y, width, height]``; zeros for ``None``."""
    for t, box in enumerate(bboxes):
        if box is not None and not (
            isinstance(box, list | tuple) and len(box) == 4 and all(map(is_number, box)) and min(box[2:]) >= 0
        ):
            raise InputError(
                f"{here}, frame {t}: a box is [x, y, width, height] in pixels or null, not {repr(box)[:80]}; mend it."
            )
    xywh = np.array([(0, 0, 0, 0) if box is None else box for box in bboxes], dtype=np.float64)
    return np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
