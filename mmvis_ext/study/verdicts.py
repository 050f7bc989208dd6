"""Whether an inequality holds, given the noise of seeds and of the choice of validation videos."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mmvis_ext.evaluation.video_shares import APShares, JFShares
from mmvis_ext.utils.errors import InputError

from .claims import Inequality

__all__ = ["Effect", "effects_of_draws", "judge", "video_draws"]

CONFIDENCE = 0.95
POWER = 0.8


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


def video_draws(videos: int, draws: int, seed: int = 0) -> np.ndarray:
    """Bootstrap draws of V videos: (draws,V) int, how often each video is drawn; each row has the sum V."""
    return np.random.default_rng(seed).multinomial(videos, np.full(videos, 1 / videos), size=draws)


def effects_of_draws(
    inequality: Inequality, runs: Mapping[str, Sequence[APShares | JFShares]], draws: np.ndarray
) -> np.ndarray:
    """The inequality's value for each seed and draw, all rows on the same videos.

    Args:
        inequality: over rows.
        runs: for each row, the shares of its S seeds; the n-th seeds of all rows belong together.
        draws: (D,V) int, weights of the videos.

    Returns:
        (S,D) in points.

    Raises:
        InputError: the rows have other videos or other numbers of seeds.
    """
    shares = [runs[row] for row in inequality.rows]
    if len({tuple(one.videos) for seeds in shares for one in seeds}) != 1 or len({len(seeds) for seeds in shares}) != 1:
        raise InputError(f"'{inequality.text}': the rows were not tested on the same videos and seeds; run them again.")
    scores = np.array([[[one.score(draw) for draw in draws] for one in seeds] for seeds in shares])  # (rows,S,D)
    weights = np.array([weight for _, weight in inequality.terms])
    return np.tensordot(weights, scores, axes=1) + inequality.offset


def judge(inequality: Inequality, runs: Mapping[str, Sequence[APShares | JFShares]], draws: int = 1000) -> Effect:
    """Measure an inequality.

    The variance of the mean over S seeds is that between seeds, divided by S, plus that of the bootstrap over videos.
    The interval is Student's, with the degrees of freedom of Welch and Satterthwaite, to which the videos add V - 1.

    Args:
        inequality: over rows.
        runs: see :func:`effects_of_draws`.
        draws: of the bootstrap.

    Raises:
        InputError: see :func:`effects_of_draws`.
    """
    number = len(runs[inequality.rows[0]][0].videos)
    values = effects_of_draws(inequality, runs, np.ones((1, number), int))[:, 0]
    drawn = effects_of_draws(inequality, runs, video_draws(number, draws)).mean(axis=0)
    of_videos, seeds = float(drawn.var(ddof=1)), len(values)
    mean = float(values.mean())
    if seeds < 2:
        return Effect(mean, of_videos**0.5, -np.inf, np.inf, np.inf, seeds)
    of_seeds = float(values.var(ddof=1)) / seeds
    error = (of_seeds + of_videos) ** 0.5
    parts = of_seeds**2 / (seeds - 1) + of_videos**2 / max(number - 1, 1)
    freedom = error**4 / parts if parts else np.inf
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom))
    detectable = (reach + float(stats.t.ppf(POWER, freedom))) * error
    return Effect(mean, error, mean - reach * error, mean + reach * error, detectable, seeds)
