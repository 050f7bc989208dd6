"""Average precision and recall of video instance segmentation, as YouTube-VIS defines them."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.structures import tube_ious
from mmvis_ext.utils.errors import InputError

from .entries import Entry, result_entries, truth_entries
from .matching import IOU_THRESHOLDS, RECALL_POINTS, interpolate, match
from .occlusion import OCCLUSION_RANGES

__all__ = [
    "AREA_RANGES", "IOU_THRESHOLDS", "MAX_DETS", "RECALL_POINTS", "VideoMatches", "YTVISResult", "evaluate_ytvis",
    "matches_by_video",
]  # fmt: skip

MAX_DETS = (1, 10, 100)
# All, small, medium and large objects: mean area in pixels, both ends included.
AREA_RANGES = ((0, 1e10), (0, 128**2), (128**2, 256**2), (256**2, 1e10))


@dataclass(frozen=True)
class YTVISResult:
    """The figures of one evaluation, in 0..1, or -1 where there is no ground truth to measure them on.

    Attributes:
        AP: mean over the IoU thresholds .5, .55, ..., .95, the 101 recall points and the classes with ground truth.
        AP50, AP75: at one threshold.
        APs, APm, APl: of small, medium and large objects.
        AR1, AR10, AR100: mean of the largest recall with at most 1, 10, 100 results per video and class.
        ARs, ARm, ARl: of small, medium and large objects, with at most 100 results.
        per_class: ``id``, ``name`` and all of the above for each class, in the order of the ids.
        occlusion: ``AP_SO``, ``AP_MO``, ``AP_HO``, the AP of slightly, moderately and heavily occluded objects; empty
            where the ground truth does not say how occluded they are.
        precision: (T, R, K, A) at each threshold, recall point, class and area range.
        recall: (T, K, A, M) at each threshold, class, area range and limit on the number of results.
    """

    AP: float
    AP50: float
    AP75: float
    APs: float
    APm: float
    APl: float
    AR1: float
    AR10: float
    AR100: float
    ARs: float
    ARm: float
    ARl: float
    occlusion: dict[str, float]
    per_class: list[dict] = field(repr=False)
    precision: np.ndarray = field(repr=False)
    recall: np.ndarray = field(repr=False)

    def summary(self) -> dict[str, float]:
        """The figures of all classes together in 0..100, those of OVIS' levels at the end; -1 stays -1."""
        figures = {name: getattr(self, name) for name in FIGURES} | self.occlusion
        return {name: _percent(figure) for name, figure in figures.items()}

    def class_summary(self) -> list[dict]:
        """``id``, ``name`` and the figures of each class in 0..100; -1 stays -1."""
        return [c | {name: _percent(c[name]) for name in FIGURES} for c in self.per_class]


FIGURES = tuple(f.name for f in fields(YTVISResult) if f.type is float)


def _percent(figure: float) -> float:
    return figure if figure < 0 else 100 * figure


def evaluate_ytvis(
    truth: AnnotationFile,
    results: list[dict],
    iou_type: str = "segm",
    area_ranges: Sequence[tuple[float, float]] = AREA_RANGES,
    max_dets: Sequence[int] = MAX_DETS,
    class_agnostic: bool = False,
    crowd_shares: bool = False,
    results_where: str = "the results",
) -> YTVISResult:
    """Evaluate results on a whole data set.

    The figures are those of the official ``ytvoseval.py`` (youtubevos/cocoapi), apart from two of its defects: here an
    annotation with id 0 is matched like any other, and an empty list of results has AP 0. Where the ground truth has
    OVIS' levels of occlusion, the AP of each level is that of OVIS' ``oviseval.py``.

    On videos of one frame the figures are those of COCO, given COCO's area ranges, ``crowd_shares`` and the file's
    ``areas``: COCO takes the area from the annotation, which may be that of a polygon and not of its pixels.

    Args:
        truth: as :func:`read_annotation_file` reads it; with ``as_boxes=True`` where boxes are to be compared.
        results: dicts with ``video_id``, ``category_id``, ``score`` and ``segmentations``, one compressed RLE or
            ``None`` per frame; for boxes ``bboxes``, one ``[x, y, width, height]`` or ``None`` per frame.
        iou_type: ``segm`` compares masks; ``bbox`` compares boxes, those of the masks where an entry has none.
        area_ranges: all, small, medium, large.
        max_dets: three limits on the number of results per video and class; AP uses the last.
        class_agnostic: compare across classes, as if all were one.
        crowd_shares: the overlap with a crowd is the share of the result that lies inside it, as COCO has it, and not
            intersection over union, as YouTube-VIS has it.
        results_where: names the results in error messages.

    Raises:
        InputError: something cannot be evaluated; names the entry, the field and the remedy.
    """
    if iou_type not in ("segm", "bbox"):
        raise InputError(f"iou_type is 'segm' or 'bbox', not {iou_type!r}.")
    if len(area_ranges) != 4 or len(max_dets) != 3 or sorted(max_dets) != list(max_dets):
        raise InputError("area_ranges are four (all, small, medium, large) and max_dets are three, in rising order.")
    truths = truth_entries(truth, iou_type)
    found = result_entries(results, truth, iou_type, results_where)
    classes = sorted(truth.categories, key=lambda c: c["id"])
    if class_agnostic:
        classes = [dict(id=0, name="object")]
        truths, found = (sorted(entries, key=lambda e: e.category_id) for entries in (truths, found))
    matches = _matches_of_classes(truths, found, [c["id"] for c in classes], area_ranges, max_dets[-1], crowd_shares)
    curves = [
        _curves(list(of_class.values()), len(area_ranges) + len(OCCLUSION_RANGES), max_dets) for of_class in matches
    ]
    return _result(curves, classes, any(truth.occlusion is not None for truth in truths))


def matches_by_video(
    truth: AnnotationFile, results: list[dict], iou_type: str = "segm"
) -> dict[int, dict[int, "VideoMatches"]]:
    """What became of the results, from which AP follows for any choice of videos.

    Args:
        truth: see :func:`evaluate_ytvis`.
        results: see :func:`evaluate_ytvis`.
        iou_type: see :func:`evaluate_ytvis`.

    Returns:
        By the class' id, in rising order, and by the id of each video that has an object or a result of the class.

    Raises:
        InputError: see :func:`evaluate_ytvis`.
    """
    ids = sorted(c["id"] for c in truth.categories)
    truths, found = truth_entries(truth, iou_type), result_entries(results, truth, iou_type, "the results")
    return dict(zip(ids, _matches_of_classes(truths, found, ids, AREA_RANGES, MAX_DETS[-1], False), strict=True))


def _matches_of_classes(
    truths: list[Entry], found: list[Entry], ids: list[int], area_ranges: Sequence, limit: int, crowd_shares: bool
) -> list[dict[int, "VideoMatches"]]:
    """By video, in the order of the ids, for each of these classes; class 0 stands for all of them together."""
    truths_of, found_of = (_by_class_and_video(entries, ids == [0]) for entries in (truths, found))
    return [
        {
            video: _match_video(found_of[i][video], truths_of[i][video], area_ranges, limit, crowd_shares)
            for video in sorted(truths_of[i].keys() | found_of[i].keys())
        }
        for i in ids
    ]


def _by_class_and_video(entries: list[Entry], class_agnostic: bool) -> dict[int, dict[int, list[Entry]]]:
    groups: dict[int, dict[int, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        groups[0 if class_agnostic else entry.category_id][entry.video_id].append(entry)
    return groups


@dataclass(frozen=True)
class VideoMatches:
    """What became of the D results of one class in one video, best first, in A groups and at T IoU thresholds.

    The groups are the area ranges, and after them the ranges of occlusion.

    Attributes:
        scores: (D,).
        hits: (A, T, D) bool, the result was given a ground truth that counts.
        misses: (A, T, D) bool, it was given none; a result that is in neither is ignored.
        targets: (A,) number of ground truths that count.
    """

    scores: np.ndarray
    hits: np.ndarray
    misses: np.ndarray
    targets: np.ndarray


def _match_video(
    found: list[Entry], truths: list[Entry], area_ranges: Sequence, limit: int, crowd_shares: bool
) -> VideoMatches:
    found = sorted(found, key=lambda e: -e.score)[:limit]
    crowd = np.array([g.crowd for g in truths], dtype=bool)
    levels = list(OCCLUSION_RANGES.values())
    hidden = [-1.0 if g.occlusion is None else g.occlusion for g in truths]  # -1 lies in no range
    ignored = crowd | np.vstack([_outside([g.area for g in truths], area_ranges), _outside(hidden, levels)])
    ious = tube_ious([d.tube for d in found], [g.tube for g in truths], crowd if crowd_shares else None)
    given = match(ious, ignored, crowd)
    matched = given >= 0
    # -1, which stands for no ground truth, leads to the column that is added
    excused = np.pad(ignored, ((0, 0), (0, 1)))[np.arange(len(ignored))[:, None, None], given]
    # how occluded the object of a result is, nobody can say: all of them count at each level
    ranges = [*area_ranges, *(area_ranges[0] for _ in levels)]
    misses = ~matched & ~_outside([d.area for d in found], ranges)[:, None]
    scores = np.array([d.score for d in found], dtype=np.float64)
    return VideoMatches(scores, matched & ~excused, misses, (~ignored).sum(axis=1))


def _outside(values: Sequence[float], ranges: Sequence[tuple[float, float]]) -> np.ndarray:
    """(A, n) bool: the value lies outside the range."""
    low, high = np.array(ranges, dtype=np.float64).T[..., None]
    numbers = np.array(values, dtype=np.float64)
    return (numbers < low) | (numbers > high)


def _curves(matches: list[VideoMatches], n_ranges: int, max_dets: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Precision (T, R, A) and recall (T, A, M) of one class over all videos; -1 where nothing counts."""
    precision = np.full((len(IOU_THRESHOLDS), len(RECALL_POINTS), n_ranges), -1.0)
    recall = np.full((len(IOU_THRESHOLDS), n_ranges, len(max_dets)), -1.0)
    if not matches:
        return precision, recall
    order = np.argsort(-np.concatenate([m.scores for m in matches]), kind="stable")
    place = np.concatenate([np.arange(len(m.scores)) for m in matches])[order]
    hits = np.concatenate([m.hits for m in matches], axis=-1)[..., order]
    misses = np.concatenate([m.misses for m in matches], axis=-1)[..., order]
    targets = np.sum([m.targets for m in matches], axis=0)
    for a in np.flatnonzero(targets):
        precision[:, :, a] = interpolate(hits[a], misses[a], targets[a])
        for m, limit in enumerate(max_dets):
            recall[:, a, m] = hits[a][:, place < limit].sum(axis=-1) / targets[a]
    return precision, recall


def _result(curves: list[tuple[np.ndarray, np.ndarray]], classes: list[dict], with_levels: bool) -> YTVISResult:
    if not curves:
        raise InputError("There are no categories to evaluate; complete the annotation file.")
    precision = np.stack([p for p, _ in curves], axis=2)
    recall = np.stack([r for _, r in curves], axis=1)
    per_class = [
        dict(id=c["id"], name=c["name"]) | _figures(precision[:, :, [k]], recall[:, [k]]) for k, c in enumerate(classes)
    ]
    levels = np.split(precision[..., -len(OCCLUSION_RANGES) :], len(OCCLUSION_RANGES), axis=-1)
    occlusion = {name: _mean(part) for name, part in zip(OCCLUSION_RANGES, levels, strict=True)} if with_levels else {}
    by_area = precision[..., : -len(OCCLUSION_RANGES)], recall[:, :, : -len(OCCLUSION_RANGES)]
    return YTVISResult(
        **_figures(*by_area), occlusion=occlusion, per_class=per_class, precision=by_area[0], recall=by_area[1]
    )


def _figures(precision: np.ndarray, recall: np.ndarray) -> dict[str, float]:
    """The twelve official figures."""
    figures = dict(AP=precision[..., 0], AP50=precision[0, ..., 0], AP75=precision[5, ..., 0])
    figures |= dict(APs=precision[..., 1], APm=precision[..., 2], APl=precision[..., 3])
    figures |= dict(AR1=recall[:, :, 0, 0], AR10=recall[:, :, 0, 1], AR100=recall[:, :, 0, 2])
    figures |= dict(ARs=recall[:, :, 1, 2], ARm=recall[:, :, 2, 2], ARl=recall[:, :, 3, 2])
    return {name: _mean(values) for name, values in figures.items()}


def _mean(values: np.ndarray) -> float:
    """The mean of what could be measured; -1 where nothing could."""
    return float(values[values > -1].mean()) if (values > -1).any() else -1.0
