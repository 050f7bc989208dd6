"""Gains against a data set that is really mended, and then evaluated by the official measure."""

import copy

import numpy as np
import pytest
from track_cases import A, case
from vis_problems import judged, random_problem, result

from mmvis_ext.annotations.youtube_vis import read_annotations
from mmvis_ext.evaluation.errors import KINDS, class_precision, mean_precision, track_errors


def mended_by_hand(gt: dict, results: list[dict], errors, kinds: list[str], level: int) -> float:
    """AP at one threshold after replacing results by the truth that they are about, one by one, in a copy."""
    gt, left = copy.deepcopy(gt), []
    for video in errors.videos:
        annotations = [a for a in gt["annotations"] if a["video_id"] == video.id and not a["iscrowd"]]
        found = {int(g) for g in video.given[level] if g >= 0}
        for d in sorted(range(len(video.found)), key=lambda d: -video.found[d].score):
            entry = video.found[d]
            fix = str(video.kinds[level, d]) in kinds
            if not fix or video.given[level, d] >= 0:
                left.append(result(dict(id=video.id), entry.category_id, entry.score, entry.tube.regions))
            for g in video.targets[level][d] if fix else ():
                if g not in found:
                    found.add(g)
                    own = annotations[g]
                    left.append(result(dict(id=video.id), own["category_id"], entry.score, own["segmentations"]))
        gone = [a["id"] for a, lost in zip(annotations, video.missed[level], strict=True) if lost]
        if "missed" in kinds:
            gt["annotations"] = [a for a in gt["annotations"] if a["id"] not in gone]
    precision = judged(gt, left).precision[level, ..., 0]
    return float(precision[precision > -1].mean()) if (precision > -1).any() else 1.0


@pytest.mark.parametrize("seed", range(3))
def test_a_data_set_that_is_really_mended_has_the_ap_that_is_told(seed):
    gt, results = random_problem(seed, size=120, crowds=seed == 2)
    # no ties, whose order mending may change
    results = [r | dict(score=(i * 37 % 101 + i / 1000) / 102) for i, r in enumerate(results)]
    errors = track_errors(read_annotations(gt, "gt.json"), results)
    for kinds in ([kind] for kind in KINDS):
        told = class_precision(errors.videos, kinds)
        for level in (0, 3, 9):
            assert mean_precision(told[[level]]) == pytest.approx(mended_by_hand(gt, results, errors, kinds, level))


@pytest.mark.parametrize("seed", range(4))
def test_without_mending_it_is_the_official_ap_and_with_all_mended_it_is_100(seed):
    gt, results = random_problem(seed, size=120, crowds=seed % 2 == 1)
    errors = track_errors(read_annotations(gt, "gt.json"), results)
    assert mean_precision(class_precision(errors.videos)) == pytest.approx(errors.figures.AP, abs=1e-12)
    assert mean_precision(class_precision(errors.videos, KINDS)) == pytest.approx(1, abs=1e-12)
    counts = errors.counts()
    wrong = sum((v.given[0] == -1).sum() for v in errors.videos)
    right_and_merged = sum(((v.given[0] >= 0) & (v.kinds[0] == "merged")).sum() for v in errors.videos)
    assert sum(counts.values()) - counts["missed"] - right_and_merged == wrong, "each wrong result has one kind"


def test_each_gain_lies_between_nothing_and_all():
    gt, results = random_problem(5, size=120)
    errors = track_errors(read_annotations(gt, "gt.json"), results)
    summary = errors.figures.summary()
    before = mean_precision(class_precision(errors.videos))
    for kind, gain in errors.gains.items():
        assert mean_precision(class_precision(errors.videos, [kind])) >= before - 1e-12
        assert all(0 <= gain[name] <= 100 - summary[name] for name in ("AP", "AP50"))
    assert sum(gain["AP"] > 0 for gain in errors.gains.values()) >= 3


def test_nothing_found_at_all_is_all_missed():
    gt, _ = case("missed")
    errors = track_errors(read_annotations(gt, "gt.json"), [])
    assert errors.gains["missed"] == dict(AP=100.0, AP50=100.0)
    assert errors.working_score == 0


def test_without_truth_there_is_nothing_to_gain():
    gt, results = case("class")
    errors = track_errors(read_annotations(gt | dict(annotations=[]), "gt.json"), results)
    assert errors.figures.AP == -1
    assert not any(gain["AP"] for gain in errors.gains.values())


@pytest.mark.parametrize("seed", range(3))
def test_the_working_score_has_the_best_f1_of_all(seed):
    gt, results = random_problem(seed, size=120)
    errors = track_errors(read_annotations(gt, "gt.json"), results)
    pairs = [(e.score, hit) for v in errors.videos for e, hit in zip(v.found, v.given[0] >= 0, strict=True)]
    truths = sum(len(v.truths) for v in errors.videos)
    f1 = {}
    for least in sorted({score for score, _ in pairs}):
        shown = [hit for score, hit in pairs if score >= least]
        f1[least] = 2 * sum(shown) / (len(shown) + truths)
    assert errors.working_score == max(f1, key=lambda least: (f1[least], least))


def test_the_ap_of_a_video_is_that_of_a_data_set_of_it_alone():
    gt, results = random_problem(1, size=120)
    errors = track_errors(read_annotations(gt, "gt.json"), results)
    for video in gt["videos"]:
        alone = gt | dict(videos=[video], annotations=[a for a in gt["annotations"] if a["video_id"] == video["id"]])
        own = [r for r in results if r["video_id"] == video["id"]]
        assert errors.video_precision()[video["id"]] == pytest.approx(judged(alone, own).summary()["AP"])


def test_no_more_than_100_results_of_a_class_count():
    gt, _ = case("missed", videos=1)
    many = [result(dict(id=1), 1, 1 - i / 200, A) for i in range(120)]
    (video,) = track_errors(read_annotations(gt, "gt.json"), many).videos
    assert len(video.found) == 100
    assert min(e.score for e in video.found) == pytest.approx(1 - 99 / 200)
    assert np.count_nonzero(video.kinds[0] == "duplicate") == 99
