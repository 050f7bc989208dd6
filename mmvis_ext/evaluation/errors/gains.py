"""What each kind of error costs: the AP that is gained when it alone is mended."""

from collections.abc import Collection, Sequence

import numpy as np

from mmvis_ext.evaluation.matching import IOU_THRESHOLDS, interpolate

from .judged import NOBODY, JudgedVideo
from .kinds import KINDS, MISSED

__all__ = ["class_precision", "gains", "mean_precision", "working_score"]


def gains(videos: Sequence[JudgedVideo]) -> dict[str, dict[str, float]]:
    """AP points that are gained when one kind of error is mended and all others stay.

    The gains do not add up: to mend one kind can uncover another one. With all kinds mended AP is 100.

    Args:
        videos: of a data set, in rising order of their ids.

    Returns:
        For each of :data:`KINDS`, ``AP`` and ``AP50`` in points of 0..100; zero where AP cannot be measured.
    """
    before = _points(class_precision(videos))
    out = {}
    for kind in KINDS:
        after = _points(class_precision(videos, [kind]))
        out[kind] = {name: max(after[name] - before[name], 0.0) if before[name] >= 0 else 0.0 for name in after}
    return out


def _points(precision: np.ndarray) -> dict[str, float]:
    return dict(AP=100 * mean_precision(precision), AP50=100 * mean_precision(precision[:1]))


def mean_precision(precision: np.ndarray) -> float:
    """The mean of (L, K) average precisions that could be measured: AP in 0..1. Where nothing is left to find, 1."""
    measured = precision[precision >= 0]
    return float(measured.mean()) if measured.size else 1.0


def class_precision(videos: Sequence[JudgedVideo], mended: Collection[str] = ()) -> np.ndarray:
    """Average precision of each class at each threshold, with some kinds of errors mended.

    A mended result counts as right for each truth that its error is about and that nobody else has found, with its own
    score and the truth's class; where there is no such truth, it is left out. Better results go first. To mend
    ``missed``, missed truths are left out, as in TIDE: the model is taken to be as good on them as on the others, and a
    class of which nothing is left is no longer counted.

    Args:
        videos: in rising order of their ids.
        mended: some of :data:`KINDS`.

    Returns:
        (L, K) in 0..1 of the K classes that results or truths have, by rising id; -1 for a class without truths.
    """
    classes = sorted({entry.category_id for video in videos for entry in (*video.found, *video.truths)})
    precision = np.full((len(IOU_THRESHOLDS), len(classes)), -1.0)
    for level, row in enumerate(precision):
        rows = [_outcomes(video, level, mended) for video in videos]
        scores, hits, misses, owners = (np.concatenate([r[i] for r in rows]) for i in range(4))
        left = [
            truth.category_id
            for video in videos
            for g, truth in enumerate(video.truths)
            if not (MISSED in mended and video.missed[level, g])
        ]
        order = np.argsort(-scores, kind="stable")
        for k, category in enumerate(classes):
            mine = order[owners[order] == category]
            targets = left.count(category)
            if targets:
                row[k] = interpolate(hits[None, mine], misses[None, mine], targets).mean()
    return precision


def _outcomes(video: JudgedVideo, level: int, mended: Collection[str]) -> tuple[np.ndarray, ...]:
    """Scores, hits, misses and classes of a video's results at one threshold, with those that mending adds."""
    given = video.given[level]
    mend = np.isin(video.kinds[level], list(mended))
    free = set(range(len(video.truths))) - set(given.tolist())
    added = []
    for d in sorted(np.flatnonzero(mend), key=lambda d: -video.found[d].score):
        for g in free.intersection(video.targets[level][d]):
            free.remove(g)
            added.append((video.found[d].score, video.truths[g].category_id))
    scores = np.array([entry.score for entry in video.found] + [score for score, _ in added])
    owners = np.array([entry.category_id for entry in video.found] + [category for _, category in added], int)
    hits = np.concatenate([given >= 0, np.ones(len(added), bool)])
    misses = np.concatenate([(given == NOBODY) & ~mend, np.zeros(len(added), bool)])
    return scores, hits, misses, owners


def working_score(videos: Sequence[JudgedVideo]) -> float:
    """The score above which results are best shown: where their F1 at IoU 0.5, of all classes together, is highest.

    Returns:
        The lowest score that is shown; of equally good ones the highest. Zero where there are no results.
    """
    pairs = [pair for v in videos for pair in zip((e.score for e in v.found), v.given[0] >= 0, strict=True)]
    if not pairs:
        return 0.0
    scores, hits = map(np.array, zip(*sorted(pairs, reverse=True), strict=True))
    last = np.append(scores[1:] != scores[:-1], True)  # equal scores are shown together
    numbers = np.arange(1, len(scores) + 1)
    f1 = 2 * hits.cumsum() / (numbers + sum(len(v.truths) for v in videos))
    return float(scores[last][f1[last].argmax()])
