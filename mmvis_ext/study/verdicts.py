"""Whether an inequality holds, given the noise of seeds and of the choice of validation videos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mmvis_ext.evaluation.video_shares import APShares, JFShares
from mmvis_ext.utils.errors import InputError

from .claims import Inequality

__all__ = ["DRAWS", "Drawn", "Effect", "drawn", "effects", "judge", "video_draws", "video_noise"]

CONFIDENCE = 0.95
POWER = 0.8
DRAWS = 200


@dataclass(frozen=True)
class Drawn:
    """The figure of one run for all videos, and for draws of videos.

    Attributes:
        videos: ids of the V videos.
        scores: (1+D,) in 0..100: all videos, then D draws, which are the same for all runs of as many videos.
    """

    videos: tuple[int, ...]
    scores: np.ndarray


@dataclass(frozen=True)
class Effect:
    """What was measured of an inequality, in points.

    Attributes:
        mean: over the seeds.
        error: standard error of the mean, of seeds and videos together.
        low, high: the interval of 95 % confidence; infinite with one seed, whose noise nobody knows.
        detectable: the effect that would have been told from zero with a probability of 80 %; infinite with one seed.
        seeds: number of seeds.
    """

    mean: float
    error: float
    low: float
    high: float
    detectable: float
    seeds: int

    @property
    def verdict(self) -> str:
        """``holds``, ``fails`` or ``within noise``."""
        return "holds" if self.low > 0 else "fails" if self.high < 0 else "within noise"


def video_draws(videos: int, draws: int, number: int | None = None, seed: int = 0) -> np.ndarray:
    """Bootstrap draws of V videos: (draws,V) int, how often each video is drawn.

    Args:
        videos: V.
        draws: how many.
        number: of videos in each draw; ``None`` is V.
        seed: of the draws.
    """
    return np.random.default_rng(seed).multinomial(number or videos, np.full(videos, 1 / videos), size=draws)


def video_noise(
    pairs: Sequence[tuple[APShares | JFShares, APShares | JFShares]], number: int, draws: int = DRAWS
) -> tuple[float, float]:
    """How far the choice of validation videos alone moves a figure, and a difference of two.

    Args:
        pairs: two runs each, tested on the same videos.
        number: of validation videos.
        draws: of the bootstrap over videos.

    Returns:
        Standard deviation of the figure of a run and of the difference of a pair, in points, on average.
    """
    of_runs, of_pairs = [], []
    for pair in pairs:
        weights = video_draws(len(pair[0].videos), draws, number)
        scores = np.array([[run.score(one) for one in weights] for run in pair])
        of_runs.append(scores.std(axis=1, ddof=1).mean())
        of_pairs.append((scores[0] - scores[1]).std(ddof=1))
    return float(np.mean(of_runs)), float(np.mean(of_pairs))


def drawn(shares: APShares | JFShares, draws: int = DRAWS) -> Drawn:
    """The figures of a run for the draws of :func:`video_draws`."""
    number = len(shares.videos)
    weights = np.concatenate([np.ones((1, number), int), video_draws(number, draws)])
    return Drawn(tuple(shares.videos), np.array([shares.score(one) for one in weights]))


def effects(inequality: Inequality, runs: Mapping[str, Sequence[Drawn]]) -> np.ndarray:
    """The inequality's value for each seed and draw, all rows on the same videos.

    Args:
        inequality: over rows.
        runs: for each row, its S seeds; the n-th seeds of all rows belong together.

    Returns:
        (S,1+D) in points: all videos, then the draws.

    Raises:
        InputError: the rows have other videos or other numbers of seeds.
    """
    rows = [runs[row] for row in inequality.rows]
    alike = len({len(seeds) for seeds in rows}) == 1 and all(
        len({one.videos for one in of_seed}) == 1 for of_seed in zip(*rows, strict=True)
    )
    if not alike:
        raise InputError(f"'{inequality.text}': the rows were not tested on the same videos and seeds; run them again.")
    scores = np.array([[one.scores for one in seeds] for seeds in rows])  # (rows,S,1+D)
    weights = np.array([weight for _, weight in inequality.terms])
    return np.tensordot(weights, scores, axes=1) + inequality.offset


def judge(inequality: Inequality, runs: Mapping[str, Sequence[Drawn]]) -> Effect:
    """Measure an inequality.

    The variance of the mean over S seeds is that between seeds, divided by S, plus that of the bootstrap over videos.
    The interval is Student's, with the degrees of freedom of Welch and Satterthwaite, to which the videos add V - 1.

    Args:
        inequality: over rows.
        runs: see :func:`effects`.

    Raises:
        InputError: see :func:`effects`.
    """
    all_videos, draws = np.split(effects(inequality, runs), [1], axis=1)
    of_videos, seeds = float(draws.mean(axis=0).var(ddof=1)), len(all_videos)
    mean = float(all_videos.mean())
    if seeds < 2:
        return Effect(mean, of_videos**0.5, -np.inf, np.inf, np.inf, seeds)
    of_seeds = float(all_videos.var(ddof=1)) / seeds
    error = (of_seeds + of_videos) ** 0.5
    number = len(runs[inequality.rows[0]][0].videos)
    parts = of_seeds**2 / (seeds - 1) + of_videos**2 / max(number - 1, 1)
    freedom = error**4 / parts if parts else np.inf
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom))
    detectable = (reach + float(stats.t.ppf(POWER, freedom))) * error
    return Effect(mean, error, mean - reach * error, mean + reach * error, detectable, seeds)
