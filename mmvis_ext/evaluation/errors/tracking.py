"""HOTA and IDF1, computed by the package trackeval."""

from collections.abc import Sequence

import numpy as np

from mmvis_ext.evaluation.entries import Entry
from mmvis_ext.utils.errors import InputError

from .judged import JudgedVideo
from .overlaps import overlaps_of

__all__ = ["tracking_figures"]


def tracking_figures(videos: Sequence[JudgedVideo], min_score: float) -> dict[str, float]:
    """HOTA with its parts and IDF1, mean over the classes with ground truth.

    Detections of a frame are compared by the IoU of their masks, class by class. HOTA (Luiten et al. 2021) and its
    parts are means over the IoU thresholds .05 to .95; IDF1 (Ristani et al. 2016) has the threshold 0.5.

    Args:
        videos: of a data set.
        min_score: results that score less are left out, since these measures do not know scores.

    Returns:
        ``HOTA``, ``DetA`` (detection), ``AssA`` (association) and ``IDF1`` in 0..100.

    Raises:
        InputError: trackeval is not installed, or there is no ground truth.
    """
    try:
        from trackeval.metrics import HOTA, Identity
    except ModuleNotFoundError as error:
        raise InputError(
            f"HOTA and IDF1 need the package trackeval, but {error.name} is not installed: "
            "`pip install --no-deps trackeval`."
        ) from None
    metrics = dict(hota=HOTA(), identity=Identity(dict(PRINT_CONFIG=False, THRESHOLD=0.5)))
    rows = []
    for category in sorted({truth.category_id for video in videos for truth in video.truths}):
        data = [_sequence(video, category, min_score) for video in videos]
        combined = {
            name: metric.combine_sequences({str(i): metric.eval_sequence(d) for i, d in enumerate(data)})
            for name, metric in metrics.items()
        }
        hota = {name: float(np.mean(combined["hota"][name])) for name in ("HOTA", "DetA", "AssA")}
        rows.append(hota | dict(IDF1=float(combined["identity"]["IDF1"])))
    if not rows:
        raise InputError("HOTA and IDF1 need ground truth, of which there is none; give another annotation file.")
    return {name: 100 * float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _sequence(video: JudgedVideo, category: int, min_score: float) -> dict:
    """A class of a video in the form of trackeval."""
    found = [d for d in video.found if d.category_id == category and d.score >= min_score]
    truths = [g for g in video.truths if g.category_id == category]
    length = max((len(e.tube.areas) for e in (*video.found, *video.truths)), default=0)
    overlaps = overlaps_of([d.tube for d in found], [g.tube for g in truths], length)
    ours, theirs = _present(found, length), _present(truths, length)
    ious = np.divide(overlaps.shared, overlaps.union, out=np.zeros(overlaps.shared.shape), where=overlaps.union > 0)
    return dict(
        num_timesteps=length,
        num_gt_ids=len(truths),
        num_tracker_ids=len(found),
        num_gt_dets=sum(map(len, theirs)),
        num_tracker_dets=sum(map(len, ours)),
        gt_ids=theirs,
        tracker_ids=ours,
        similarity_scores=[ious[t][np.ix_(ours[t], theirs[t])].T for t in range(length)],
    )


def _present(entries: list[Entry], length: int) -> list[np.ndarray]:
    """The indices of the entries that each frame shows."""
    return [np.array([i for i, e in enumerate(entries) if e.tube.areas[t]], int) for t in range(length)]
