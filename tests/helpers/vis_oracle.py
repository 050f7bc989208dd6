"""The measure once more, as slowly and plainly as it can be said: loops over decoded masks and single results."""

import functools

import numpy as np
from pycocotools import mask as coco_mask

THRESHOLDS = np.linspace(0.5, 0.95, 10)


def level_oracle(gt: dict, results: list[dict], low: float, high: float) -> float:
    """AP of the objects whose occlusion score is in a range, in 0..1: all others are as if they were crowds that one
    result may match; -1 where no class has such an object."""
    kept = [
        a if a["occlusion"] and low <= _hidden(a["occlusion"]) <= high else a | dict(areas=[-1.0] * len(a["areas"]))
        for a in gt["annotations"]
    ]
    precision, _ = oracle(gt | dict(annotations=kept), results, ((0, 1e10),), (1, 10, 100))
    measured = precision[precision > -1]
    return float(measured.mean()) if len(measured) else -1.0


def _hidden(levels: list) -> float:
    """The mean of the most occluded half of the frames that have a level."""
    worth = {"no_occlusion": 0.0, "slight_occlusion": 0.25, "severe_occlusion": 0.75}
    scores = [worth[level] for level in levels if level is not None]
    if not scores:
        return -1.0
    scores.sort()
    number = len(scores) // 2 if len(scores) % 2 == 0 else len(scores) // 2 + 1
    return float(np.mean(scores[len(scores) - number :]))


def oracle(gt: dict, results: list[dict], area_ranges: tuple, max_dets: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Precision (T, R, K, A) and recall (T, K, A, M), as ``evaluate_ytvis`` returns them."""
    categories = sorted(c["id"] for c in gt["categories"])
    precision = np.full((10, 101, len(categories), len(area_ranges)), -1.0)
    recall = np.full((10, len(categories), len(area_ranges), len(max_dets)), -1.0)
    for k, category in enumerate(categories):
        for a, area_range in enumerate(area_ranges):
            for t, threshold in enumerate(THRESHOLDS):
                ranked, targets = _outcomes(gt, results, category, area_range, threshold, max_dets[-1])
                if targets:
                    precision[t, :, k, a] = _precision(ranked, targets)
                    for m, limit in enumerate(max_dets):
                        hits = sum(outcome == "hit" for _, place, outcome in ranked if place < limit)
                        recall[t, k, a, m] = hits / targets
    return precision, recall


def _outcomes(gt: dict, results: list, category: int, area_range: tuple, threshold: float, limit: int) -> tuple:
    """(score, place in its video, outcome) of every result, best first, and the number of ground truths that count."""
    ranked, targets = [], 0
    for video_id in sorted(v["id"] for v in gt["videos"]):
        mine = [x for x in gt["annotations"] if (x["video_id"], x["category_id"]) == (video_id, category)]
        theirs = [x for x in results if (x["video_id"], x["category_id"]) == (video_id, category)]
        theirs = sorted(theirs, key=lambda x: -x["score"])[:limit]
        counts = [not g["iscrowd"] and _within(g["areas"], area_range) for g in mine]
        targets += sum(counts)
        taken = [False] * len(mine)
        for place, found in enumerate(theirs):
            best = _best(found, mine, counts, taken, threshold)
            if best is not None:
                taken[best] = not mine[best]["iscrowd"]
                outcome = "hit" if counts[best] else "ignored"
            else:
                areas = [coco_mask.area(s) if s else 0 for s in found["segmentations"]]
                outcome = "miss" if _within(areas, area_range) else "ignored"
            ranked.append((found["score"], place, outcome))
    return sorted(ranked, key=lambda x: -x[0]), targets


def _best(found: dict, mine: list, counts: list, taken: list, threshold: float) -> int | None:
    """The free ground truth with the largest overlap, those that count first, of equals the last."""
    for wanted in (True, False):
        best, best_iou = None, threshold
        for j, g in enumerate(mine):
            iou = video_iou(found["segmentations"], g["segmentations"])
            if counts[j] is wanted and not taken[j] and iou >= best_iou:
                best, best_iou = j, iou
        if best is not None:
            return best
    return None


def video_iou(one: list, other: list) -> float:
    return _video_iou(*(tuple(m and (*m["size"], m["counts"]) for m in masks) for masks in (one, other)))


@functools.cache  # each pair is asked for at every threshold
def _video_iou(one: tuple, other: tuple) -> float:
    shared = union = 0
    for a, b in zip(one, other, strict=True):
        a, b = (
            coco_mask.decode(dict(size=m[:2], counts=m[2])).astype(bool) if m else np.zeros(1, bool) for m in (a, b)
        )
        shared += (a & b).sum()
        union += (a | b).sum()
    return shared / union if union else 0.0


def _within(areas: list, area_range: tuple) -> bool:
    present = [x for x in areas if x]
    mean = sum(present) / len(present) if present else 0
    return area_range[0] <= mean <= area_range[1]


def _precision(ranked: list, targets: int) -> list[float]:
    """The best precision at or beyond each of the 101 recall points."""
    points, hits, misses = [], 0, 0
    for _, _, outcome in ranked:
        hits += outcome == "hit"
        misses += outcome == "miss"
        points.append((hits / targets, hits / (hits + misses) if hits else 0.0))
    return [max((p for r, p in points if r >= wanted), default=0.0) for wanted in np.linspace(0, 1, 101)]
