"""What is wrong with each result of a video, and which of its objects are missed.

The idea is TIDE's (Bolya et al., ECCV 2020): a result that finds no ground truth has one kind of error, and a ground
truth is missed if nobody finds it and no error is about it. Tracks have two kinds more than boxes: one that is broken
in parts, and one that holds two objects.
"""

from dataclasses import dataclass

import numpy as np

from mmvis_ext.evaluation.entries import Entry
from mmvis_ext.evaluation.matching import IOU_THRESHOLDS, match

from .kinds import BACKGROUND, MISSED
from .overlaps import Overlaps, overlaps_of

__all__ = ["EXCUSED", "NOBODY", "JudgedVideo", "judge_video"]

NOBODY, EXCUSED = -1, -2


@dataclass(frozen=True)
class JudgedVideo:
    """The D results of a video and its G ground truths at L thresholds, those of AP.

    Attributes:
        id: of the video.
        found: results, class by class and the best first, at most ``limit`` of each class.
        truths: ground truths, without crowds.
        given: (L, D) index of the ground truth that a result finds; :data:`NOBODY`, or :data:`EXCUSED` if it lies on a
            crowd.
        kinds: (L, D) one of :data:`KINDS`, or an empty text. A result that finds an object and then follows another
            one is right and ``merged`` at once.
        targets: for each threshold and result, the ground truths that its error is about.
        missed: (L, G) bool.
    """

    id: int
    found: list[Entry]
    truths: list[Entry]
    given: np.ndarray
    kinds: np.ndarray
    targets: list[list[tuple[int, ...]]]
    missed: np.ndarray

    def fates(self, level: int = 0) -> list[str]:
        """What became of each ground truth at a threshold.

        An empty text if it is found, ``missed``, or the kind of the best result that is about it.
        """
        fates = np.where(self.missed[level], MISSED, "").tolist()
        lost = set(range(len(self.truths))) - set(self.given[level].tolist())
        for d in sorted(range(len(self.found)), key=lambda d: self.found[d].score):
            for g in lost & set(self.targets[level][d]):
                fates[g] = str(self.kinds[level, d])
        return fates


def judge_video(video_id: int, length: int, found: list[Entry], truths: list[Entry], limit: int) -> JudgedVideo:
    """Judge the results of a video.

    At each threshold, a result that finds no ground truth has the first of these kinds that fits:

    - ``merged``: it covers different truths at different times (:meth:`Overlaps.pieces`), of whatever class;
    - ``broken``: with other results of its class it makes up a truth that it does not reach alone
      (:meth:`Overlaps.parts`); one of them may be long enough to find the truth;
    - ``duplicate``: it covers a truth of its class well, in the whole video or while it is there, which another result
      has found or which is broken;
    - ``class``: its tube IoU with a truth of another class reaches the threshold;
    - ``masks``: it lies on a truth of its class, with a tube IoU from :data:`BACKGROUND` on, or covers it well while it
      is there, but does not reach the threshold;
    - ``both``: the same with a truth of another class;
    - ``background``: none of these.

    A ground truth is ``missed`` if no result finds it and no error is about it.

    Args:
        video_id: of the video.
        length: its number of frames.
        found: results of the video, in the order of the file.
        truths: ground truths of the video, crowds included.
        limit: results of each class that count, the best ones.
    """
    classes = sorted({entry.category_id for entry in found})
    ranked = [
        entry for c in classes for entry in sorted((e for e in found if e.category_id == c), key=_descending)[:limit]
    ]
    order = [g for g, truth in enumerate(truths) if not truth.crowd]
    overlaps = overlaps_of([d.tube for d in ranked], [g.tube for g in truths], length)
    given = _given(overlaps.iou, ranked, truths)
    places = {old: new for new, old in enumerate(order)} | {NOBODY: NOBODY}
    given = np.vectorize(lambda g: places.get(g, EXCUSED), otypes=[int])(given)
    counted = [truths[g] for g in order]
    overlaps = Overlaps(overlaps.shared[:, :, order], overlaps.found, overlaps.truth[:, order])
    same = np.array([[d.category_id == g.category_id for g in counted] for d in ranked], bool)
    same = same.reshape(len(ranked), len(counted))
    scores = np.array([d.score for d in ranked])
    kinds, targets = [], []
    missed = np.ones((len(given), len(counted)), bool)
    for row, threshold, found_here in zip(missed, IOU_THRESHOLDS, given, strict=True):
        errors = _errors(overlaps, same, scores, found_here, threshold)
        kinds.append([kind for kind, _ in errors])
        targets.append([about for _, about in errors])
        row[[*found_here[found_here >= 0], *(g for about in targets[-1] for g in about)]] = False
    names = np.array(kinds, dtype="<U10").reshape(len(given), len(ranked))
    return JudgedVideo(video_id, ranked, counted, given, names, targets, missed)


def _descending(entry: Entry) -> float:
    return -entry.score


def _given(ious: np.ndarray, found: list[Entry], truths: list[Entry]) -> np.ndarray:
    """(L, D) index of the ground truth of its class that each result is given; -1 for none."""
    given = np.full((len(IOU_THRESHOLDS), len(found)), NOBODY)
    crowd = np.array([truth.crowd for truth in truths], dtype=bool)
    for category in {entry.category_id for entry in found}:
        rows = [d for d, entry in enumerate(found) if entry.category_id == category]
        columns = [g for g, truth in enumerate(truths) if truth.category_id == category]
        (own,) = match(ious[np.ix_(rows, columns)], crowd[None, columns], crowd[columns])
        given[:, rows] = np.array([*columns, NOBODY])[own]
    return given


Error = tuple[str, tuple[int, ...]]


def _errors(
    overlaps: Overlaps, same: np.ndarray, scores: np.ndarray, given: np.ndarray, threshold: float
) -> list[Error]:
    """The kind of each result at one threshold, and the ground truths that it is about."""
    pieces = overlaps.pieces(threshold)
    broken: dict[int, int] = {}
    best_first = np.argsort(-scores, kind="stable")
    whole = ~pieces.any(axis=1) & (given != EXCUSED)
    for g in range(same.shape[1]):
        rows = [d for d in best_first if same[d, g] and whole[d] and given[d] in (NOBODY, g)]
        broken |= dict.fromkeys(overlaps.parts(rows, g, threshold), g)
    taken = np.zeros(same.shape[1], bool)
    taken[[*given[given >= 0], *broken.values()]] = True
    errors: list[Error] = []
    for d, own in enumerate(given):
        if own == EXCUSED:
            errors.append(("", ()))
        elif pieces[d].any():
            errors.append(("merged", tuple(np.flatnonzero(pieces[d]).tolist())))
        elif own >= 0:
            errors.append(("", ()))
        elif d in broken:
            errors.append(("broken", (broken[d],)))
        else:
            errors.append(_single(overlaps, d, same[d], taken, threshold))
    return errors


def _single(overlaps: Overlaps, d: int, same: np.ndarray, taken: np.ndarray, threshold: float) -> Error:
    """The error of a result that is about one ground truth, or none."""
    iou, well = overlaps.iou[d], overlaps.lies_well[d]
    near = (iou >= BACKGROUND) | well
    if (well & same & taken).any():
        return "duplicate", ()
    for kind, these in (("class", (iou >= threshold) & ~same), ("masks", near & same), ("both", near & ~same)):
        if these.any():
            return kind, (int(np.where(these, iou, -1).argmax()),)
    return "background", ()
