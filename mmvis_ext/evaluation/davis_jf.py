"""J&F of the unsupervised track of DAVIS 2019: each object gets a proposal, whose region and boundary are compared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from mmvis_ext.annotations.index_png import VOID
from mmvis_ext.utils.errors import InputError

from .davis_measures import boundary_figures, jaccards, statistics

__all__ = ["FIGURES", "MAX_PROPOSALS", "SequenceFigures", "evaluate_sequence", "summarize"]

FIGURES = ("J&F", "J-mean", "J-recall", "J-decay", "F-mean", "F-recall", "F-decay")
MAX_PROPOSALS = 20


@dataclass(frozen=True)
class SequenceFigures:
    """The measures of the N objects of a sequence, each with the proposal that it was given, over T frames.

    Attributes:
        name: of the sequence.
        J: (N, T) intersection over union, 0..1.
        F: (N, T) F-measure of the boundaries, 0..1.
        proposals: index of each object's proposal in the results; an index that no result has means an empty proposal.
        left_out: ids of the objects that are not judged, since all ids of the first frame are lower.
        ids: of the objects, in rising order.
        void_frames: numbers, from 0, of the frames whose truth is void throughout, where any result is right.
    """

    name: str
    J: np.ndarray = field(repr=False)
    F: np.ndarray = field(repr=False)
    proposals: list[int]
    left_out: list[int]
    ids: list[int]
    void_frames: list[int]

    def object_summary(self) -> list[dict[str, float]]:
        """The :data:`FIGURES` of each object in 0..100, in the order of their ids."""
        rows = []
        for regions, boundaries in zip(self.J, self.F, strict=True):
            both = statistics(regions), statistics(boundaries)
            values = ((both[0][0] + both[1][0]) / 2, *both[0], *both[1])
            rows.append({name: 100 * value for name, value in zip(FIGURES, values, strict=True)})
        return rows

    def report(self) -> dict:
        """The figures of the sequence and, in ``objects``, of each object by its id, with its ``proposal``."""
        triples = zip(self.ids, self.object_summary(), self.proposals, strict=True)
        return self.summary() | dict(objects={str(i): row | dict(proposal=p) for i, row, p in triples})

    def summary(self) -> dict[str, float]:
        """The figures of the sequence, mean over its objects, in 0..100; -1 where it has none."""
        return summarize([self])


def summarize(sequences: Sequence[SequenceFigures]) -> dict[str, float]:
    """The :data:`FIGURES` of several sequences, mean over all objects, in 0..100; -1 where there are no objects."""
    rows = [row for sequence in sequences for row in sequence.object_summary()]
    return {name: sum(row[name] for row in rows) / len(rows) if rows else -1.0 for name in FIGURES}


def evaluate_sequence(name: str, frames: Iterable[tuple[np.ndarray, np.ndarray]], where: str = "") -> SequenceFigures:
    """Evaluate a sequence, first and last frame included, as the official code does.

    The objects are those up to the highest id in the first frame; an id that no frame shows is none. Each is given a
    proposal of its own, such that the mean of J and F over all frames and objects is highest; an object without one is
    compared with an empty mask. Void pixels belong to no object and no proposal.

    Args:
        name: of the sequence.
        frames: truth and result of each frame, (H, W) uint8 index maps of equal size; 255 is void in the truth.
        where: names the results in error messages; the sequence by default.

    Raises:
        InputError: an index of the results is above 20, or there are no frames.
    """
    objects, found, seen, void_frames = 0, 0, np.zeros(VOID + 1, bool), []
    regions: list[np.ndarray] = []
    boundaries: list[np.ndarray] = []
    for t, (truth, result) in enumerate(frames):
        if (truth == VOID).all():
            void_frames.append(t)
        known = np.where(truth == VOID, 0, truth)
        if not regions:
            objects = int(known.max(initial=0))
        found = max(found, int(result.max(initial=0)))
        if found > MAX_PROPOSALS:
            raise InputError(
                f"{where or name}: holds the index {found}, but a sequence has at most {MAX_PROPOSALS} proposals, "
                f"numbered from 1; keep the best {MAX_PROPOSALS}."
            )
        seen[known] = True
        pair = np.where(known > objects, 0, known), np.where(truth == VOID, 0, result)
        number = max(MAX_PROPOSALS, objects)
        regions.append(jaccards(*pair, objects, number))
        boundaries.append(boundary_figures(*pair, objects, number))
    if not regions:
        raise InputError(f"{where or name}: has no frames; leave it out or fetch it again.")
    # objects that outnumber the proposals get empty ones
    number = max(found, objects)
    shown = np.flatnonzero(seen[1 : objects + 1])
    J, F = (np.stack(values)[:, shown, :number].transpose(2, 1, 0) for values in (regions, boundaries))
    rows, columns = linear_sum_assignment(-(J.mean(axis=2) + F.mean(axis=2)) / 2)
    given = rows[np.argsort(columns)]
    places = np.arange(len(shown))
    left_out = [int(i) for i in np.flatnonzero(seen) if i > objects]
    ids, proposals = (shown + 1).tolist(), (given + 1).tolist()
    return SequenceFigures(name, J[given, places], F[given, places], proposals, left_out, ids, void_frames)
