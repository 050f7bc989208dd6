"""Which result finds which ground truth, and the precision that follows, as YouTube-VIS and COCO define them."""

import numpy as np

__all__ = ["IOU_THRESHOLDS", "RECALL_POINTS", "interpolate", "match"]

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALL_POINTS = np.linspace(0.0, 1.0, 101)


def match(ious: np.ndarray, ignored: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """Give each result, best first, the free ground truth that it overlaps most, in all groups and thresholds at once.

    A ground truth that counts goes before an ignored one; of equal overlaps the later in the file is taken; a crowd
    stays free for further results.

    Args:
        ious: (D, G), the results best first.
        ignored: (A, G) bool, the ground truth does not count in this group.
        crowd: (G,) bool.

    Returns:
        (A, T, D) int, the index of the ground truth that each result was given in each group and at each of the T
        thresholds; -1 for none.
    """
    (n_found, n_truths), n_ranges, n_thresholds = ious.shape, len(ignored), len(IOU_THRESHOLDS)
    given = np.full((n_ranges, n_thresholds, n_found), -1)
    free = np.ones((n_ranges, n_thresholds, n_truths), dtype=bool)
    within_reach = ious[:, None] >= IOU_THRESHOLDS[:, None]  # (D, T, G)
    rank = ious.argsort(axis=1, kind="stable").argsort(axis=1) + 1
    preference = rank[:, None] + n_truths * ~ignored  # (D, A, G)
    for d in np.flatnonzero(within_reach.any(axis=(1, 2))):
        value = np.where(free & within_reach[d], preference[d][:, None], 0)
        a, t = np.nonzero(value.any(axis=-1))
        g = value.argmax(axis=-1)[a, t]
        given[a, t, d] = g
        free[a, t, g] = crowd[g]
    return given


def interpolate(hits: np.ndarray, misses: np.ndarray, targets: int) -> np.ndarray:
    """The best precision at or beyond each recall point.

    Args:
        hits: (T, N) bool, of N results in the order of their scores at T thresholds: right.
        misses: (T, N) bool, wrong; a result that is neither is ignored.
        targets: number of ground truths, at least 1.

    Returns:
        (T, R) in 0..1 at the R :data:`RECALL_POINTS`.
    """
    hits, misses = hits.cumsum(axis=-1), misses.cumsum(axis=-1)
    precision = hits / (misses + hits + np.spacing(1))
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=-1)[:, ::-1]
    reached = np.stack([np.searchsorted(row, RECALL_POINTS) for row in hits / targets])
    return np.take_along_axis(np.pad(envelope, ((0, 0), (0, 1))), reached, axis=-1)
