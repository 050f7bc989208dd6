"""What each video gives to a figure, so that the figure of any choice of videos is computed in no time.

A bootstrap draws videos again and again and needs the figure of each draw. A draw is a weight per video: how often the
video was drawn. AP and J&F of weighted videos are exactly those of a data set in which the videos are repeated.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mmvis_ext.utils.files import require_writable_file, write_atomically

from .davis_jf import SequenceFigures
from .matching import IOU_THRESHOLDS, RECALL_POINTS
from .ytvis_ap import VideoMatches

__all__ = [
    "APShares",
    "ClassShares",
    "JFShares",
    "ap_shares",
    "check_shares_path",
    "jf_shares",
    "read_shares",
    "write_shares",
]


@dataclass(frozen=True)
class ClassShares:
    """The D results of one class in all videos, best first, and the number of its objects in each of the V videos.

    Results after the last one that hits anything are left out: they do not change AP.

    Attributes:
        targets: V numbers of objects.
        videos: D places in the list of videos.
        hits: D numbers whose bit t says that the result hits an object at the t-th IoU threshold.
        misses: likewise, that it hits none; a result that is neither is ignored.
    """

    targets: list[int]
    videos: list[int]
    hits: list[int]
    misses: list[int]

    def ap(self, weights: np.ndarray) -> float:
        """AP in 0..1 of the videos with these weights, (V,) int; -1 where they have no objects."""
        total = int(weights @ np.array(self.targets))
        if not total:
            return -1.0
        each = weights[np.array(self.videos, int)]
        hits, misses = (np.cumsum(_bits(numbers) * each, axis=1) for numbers in (self.hits, self.misses))
        precision = hits / (hits + misses + np.spacing(1))
        envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        envelope = np.pad(envelope, ((0, 0), (0, 1)))
        return float(
            np.mean([e[np.searchsorted(h / total, RECALL_POINTS)] for e, h in zip(envelope, hits, strict=True)])
        )


@dataclass(frozen=True)
class APShares:
    """For AP of YouTube-VIS.

    Attributes:
        videos: ids of the V videos.
        classes: of each class.
    """

    videos: list[int]
    classes: list[ClassShares]

    def score(self, weights: np.ndarray) -> float:
        """AP in 0..100 of the videos with these weights, (V,) int; -1 where they have no objects."""
        aps = [ap for one in self.classes if (ap := one.ap(weights)) >= 0]
        return 100 * float(np.mean(aps)) if aps else -1.0

    def to_dict(self) -> dict[str, Any]:
        """What :func:`read_shares` reads."""
        return dict(kind="AP", **asdict(self))


@dataclass(frozen=True)
class JFShares:
    """For J&F of DAVIS, the mean over all objects.

    Attributes:
        videos: ids of the V sequences.
        objects: for each sequence, J&F of its objects in 0..100.
    """

    videos: list[int]
    objects: list[list[float]]

    def score(self, weights: np.ndarray) -> float:
        """J&F in 0..100 of the sequences with these weights, (V,) int; -1 where they have no objects."""
        number = int(weights @ np.array([len(values) for values in self.objects]))
        return float(weights @ np.array([sum(values) for values in self.objects])) / number if number else -1.0

    def to_dict(self) -> dict[str, Any]:
        """What :func:`read_shares` reads."""
        return dict(kind="J&F", **asdict(self))


def ap_shares(videos: Sequence[int], matches: Mapping[int, Mapping[int, VideoMatches]]) -> APShares:
    """From the matches of each class and video, as :func:`matches_by_video` gives them.

    Args:
        videos: ids of all videos.
        matches: of objects of all sizes, see above.
    """
    place = {video: i for i, video in enumerate(videos)}
    return APShares(list(videos), [_class_shares(place, of_class) for of_class in matches.values()])


def _class_shares(place: dict[int, int], matches: Mapping[int, VideoMatches]) -> ClassShares:
    targets = [0] * len(place)
    for video, one in matches.items():
        targets[place[video]] = int(one.targets[0])
    if not matches:
        return ClassShares(targets, [], [], [])
    order = np.argsort(-np.concatenate([one.scores for one in matches.values()]), kind="stable")
    videos = np.concatenate([np.full(len(one.scores), place[video]) for video, one in matches.items()])[order]
    hits, misses = (
        np.concatenate([getattr(one, name)[0] for one in matches.values()], axis=1)[:, order]
        for name in ("hits", "misses")
    )
    end = int(np.flatnonzero(hits.any(axis=0)).max(initial=-1)) + 1
    return ClassShares(targets, videos[:end].tolist(), _numbers(hits[:, :end]), _numbers(misses[:, :end]))


def jf_shares(videos: Sequence[int], sequences: Sequence[SequenceFigures]) -> JFShares:
    """From the figures of each sequence; ``videos`` are their ids."""
    return JFShares(list(videos), [[row["J&F"] for row in one.object_summary()] for one in sequences])


def read_shares(content: dict[str, Any]) -> APShares | JFShares:
    """What ``to_dict`` wrote."""
    if content["kind"] == "AP":
        return APShares(content["videos"], [ClassShares(**one) for one in content["classes"]])
    return JFShares(content["videos"], content["objects"])


def check_shares_path(path: str) -> str:
    """The path, if a file can be written there; checked before a test, which would be lost.

    Raises:
        InputError: it cannot.
    """
    require_writable_file(path)
    return path


def write_shares(path: str, figures: Mapping[str, float], shares: APShares | JFShares) -> None:
    """Write the figures of all videos and the shares to a JSON file."""
    write_atomically(path, json.dumps(dict(figures=figures, shares=shares.to_dict())).encode())


def _numbers(flags: np.ndarray) -> list[int]:
    """(T, D) bool as D numbers with a bit per threshold."""
    return (flags.T @ (1 << np.arange(len(IOU_THRESHOLDS)))).tolist()


def _bits(numbers: list[int]) -> np.ndarray:
    """The inverse of :func:`_numbers`."""
    return (np.array(numbers, int) >> np.arange(len(IOU_THRESHOLDS))[:, None]) & 1
