"""Verdicts: effects of draws against loops, and the verdict of effects that are large, absent or opposite."""

import numpy as np
import pytest

from mmvis_ext.evaluation.video_shares import JFShares
from mmvis_ext.study.claims import parse_inequality
from mmvis_ext.study.verdicts import Drawn, drawn, effects, judge, video_draws, video_noise
from mmvis_ext.utils.errors import InputError

CLAIM = parse_inequality("a > 2 * b - 1")
VIDEOS = 30


def shares(level: float, seeds: int = 3, noise: float = 5.0) -> list[JFShares]:
    rng = np.random.default_rng(int(level))
    return [
        JFShares(list(range(VIDEOS)), [[level + rng.normal() * noise] for _ in range(VIDEOS)]) for _ in range(seeds)
    ]


def all_drawn(draws: int = 200, **rows: list[JFShares]) -> dict[str, list[Drawn]]:
    return {row: [drawn(one, draws) for one in seeds] for row, seeds in rows.items()}


def test_effects_by_loops():
    runs = dict(a=shares(50), b=shares(20))
    draws = video_draws(VIDEOS, 4)
    assert draws.sum(axis=1).tolist() == [VIDEOS] * 4
    found = effects(CLAIM, all_drawn(4, **runs))
    for s in range(3):
        for d, draw in enumerate([[1] * VIDEOS, *draws]):
            drawn = [video for video, times in enumerate(draw) for _ in range(times)]
            a, b = (np.mean([runs[row][s].objects[video][0] for video in drawn]) for row in "ab")
            assert found[s, d] == pytest.approx(a - 2 * b + 1)


def test_verdicts():
    claim = parse_inequality("a > b")
    high, low = shares(60), shares(40)
    assert judge(claim, all_drawn(a=high, b=low)).verdict == "holds"
    assert judge(claim, all_drawn(a=low, b=high)).verdict == "fails"
    assert judge(claim, all_drawn(a=shares(41), b=low)).verdict == "within noise"


def test_videos_are_paired():
    """What all videos have in common is no noise of a difference."""
    rng = np.random.default_rng(0)
    base = rng.normal(50, 20, VIDEOS)
    low = [JFShares(list(range(VIDEOS)), [[value] for value in base]) for _ in range(2)]
    high = [JFShares(list(range(VIDEOS)), [[value + 1] for value in base]) for _ in range(2)]
    effect = judge(parse_inequality("a > b"), all_drawn(a=high, b=low))
    assert effect.mean == pytest.approx(1)
    assert effect.error < 1e-6
    assert effect.verdict == "holds"


def test_the_error_is_that_of_seeds_and_videos():
    runs = dict(a=shares(60, 4), b=shares(40, 4))
    effect = judge(parse_inequality("a > b"), all_drawn(4000, **runs))
    differences = np.array([[x[0] - y[0] for x, y in zip(a.objects, b.objects, strict=True)]
                            for a, b in zip(runs["a"], runs["b"], strict=True)])  # fmt: skip
    of_seeds = differences.mean(axis=1).var(ddof=1) / 4
    of_videos = differences.mean(axis=0).var() / VIDEOS  # the bootstrap's variance of a mean, in closed form
    assert effect.error == pytest.approx((of_seeds + of_videos) ** 0.5, rel=0.05)
    assert effect.detectable > effect.mean - effect.low > 0


def test_one_seed_says_nothing_of_its_noise():
    effect = judge(parse_inequality("a > b"), all_drawn(a=shares(90, 1), b=shares(10, 1)))
    assert effect.verdict == "within noise"
    assert effect.detectable == np.inf


def test_other_videos_or_seeds():
    for other in (shares(40, 2), [JFShares([1], [[2.0]])] * 3):
        with pytest.raises(InputError, match="not tested on the same videos and seeds"):
            judge(parse_inequality("a > b"), all_drawn(4, a=shares(60), b=other))


def test_noise_of_videos_is_that_of_a_mean():
    """The mean of n independent values has their deviation divided by the root of n; what two runs share cancels."""
    base, low = np.random.default_rng(0).normal(50, 20, VIDEOS), np.random.default_rng(1).normal(0, 2, VIDEOS)
    first = JFShares(list(range(VIDEOS)), [[value] for value in base])
    second = JFShares(list(range(VIDEOS)), [[value] for value in base + low])
    for number in (4, 30):
        of_run, of_pair = video_noise([(first, first), (second, first)], number, draws=4000)
        runs = [base.std(), base.std(), (base + low).std(), base.std()]
        assert of_run == pytest.approx(np.mean(runs) / number**0.5, rel=0.05)
        assert of_pair == pytest.approx(low.std() / number**0.5 / 2, rel=0.05)
