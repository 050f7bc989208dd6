"""The figures of repeated videos: from shares with weights, and from a data set in which they are really repeated."""

import json

import numpy as np
import pytest
from vis_problems import judged, random_problem

from mmvis_ext.annotations.youtube_vis import read_annotations
from mmvis_ext.evaluation.davis_jf import SequenceFigures, summarize
from mmvis_ext.evaluation.video_shares import ap_shares, jf_shares, read_shares, write_shares
from mmvis_ext.evaluation.ytvis_ap import matches_by_video


def repeated(gt: dict, results: list[dict], weights: np.ndarray) -> tuple[dict, list[dict]]:
    """The data set with copies of its videos under new ids."""
    videos, annotations, found = [], [], []
    for video, weight in zip(gt["videos"], weights, strict=True):
        for _ in range(weight):
            new = len(videos) + 1
            videos.append(video | dict(id=new))
            annotations += [
                a | dict(id=len(annotations) + 1 + i, video_id=new)
                for i, a in enumerate(a for a in gt["annotations"] if a["video_id"] == video["id"])
            ]
            found += [r | dict(video_id=new) for r in results if r["video_id"] == video["id"]]
    return gt | dict(videos=videos, annotations=annotations), found


@pytest.mark.parametrize("seed", range(4))
def test_ap_of_weighted_videos_is_ap_of_repeated_videos(seed):
    gt, results = random_problem(seed, videos=6, crowds=True)
    # copies of results with equal scores have no order of their own
    results = [r | dict(score=r["score"] + 1e-6 * i) for i, r in enumerate(results)]
    ids = [video["id"] for video in gt["videos"]]
    shares = ap_shares(ids, matches_by_video(read_annotations(gt, "gt.json"), results))
    rng = np.random.default_rng(seed)
    for weights in (np.ones(6, int), *rng.multinomial(6, [1 / 6] * 6, size=5)):
        expected = judged(*repeated(gt, results, weights)).summary()["AP"]
        assert shares.score(weights) == pytest.approx(expected, abs=1e-9)


def test_no_objects():
    gt, results = random_problem(0, videos=3)
    gt = gt | dict(annotations=[])
    shares = ap_shares([v["id"] for v in gt["videos"]], matches_by_video(read_annotations(gt, "gt.json"), results))
    assert shares.score(np.ones(3, int)) == -1
    assert jf_shares([1], [figures(np.zeros((0, 3)))]).score(np.ones(1, int)) == -1


def figures(regions: np.ndarray) -> SequenceFigures:
    number = len(regions)
    return SequenceFigures("car", regions, regions / 2, list(range(number)), [], list(range(1, number + 1)), [])


def test_jf_of_weighted_sequences_is_jf_of_repeated_sequences():
    rng = np.random.default_rng(0)
    sequences = [figures(rng.random((number, 5))) for number in (1, 3, 2)]
    shares = jf_shares([7, 8, 9], sequences)
    for weights in ((1, 1, 1), (2, 0, 1), (0, 3, 0)):
        several = [one for one, weight in zip(sequences, weights, strict=True) for _ in range(weight)]
        assert shares.score(np.array(weights)) == pytest.approx(summarize(several)["J&F"])


def test_what_is_written_is_read(tmp_path):
    gt, results = random_problem(1, videos=4)
    of_ap = ap_shares([v["id"] for v in gt["videos"]], matches_by_video(read_annotations(gt, "gt.json"), results))
    for shares in (of_ap, jf_shares([1], [figures(np.ones((2, 3)))])):
        write_shares(str(tmp_path / "shares.json"), {"AP": 1.5}, shares)
        content = json.loads((tmp_path / "shares.json").read_text())
        assert content["figures"] == {"AP": 1.5}
        assert read_shares(content["shares"]) == shares
