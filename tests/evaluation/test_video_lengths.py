"""YouTube-VIS 2022: one results file, a ground truth of short and one of long videos, and the mean of two APs."""

import numpy as np
import pytest
from vis_oracle import oracle
from vis_problems import judged, random_problem

from mmvis_ext.annotations.youtube_vis import read_annotations
from mmvis_ext.evaluation.video_lengths import evaluate_short_and_long, joined
from mmvis_ext.utils.errors import InputError


def halves(gt: dict) -> tuple[dict, dict]:
    """The videos of up to three frames, and the longer ones."""
    parts = []
    for is_long in (False, True):
        videos = [v for v in gt["videos"] if (v["length"] > 3) == is_long]
        ids = {v["id"] for v in videos}
        annotations = [a for a in gt["annotations"] if a["video_id"] in ids]
        parts.append(gt | dict(videos=videos, annotations=annotations))
    return parts[0], parts[1]


def both(gt: dict, results: list[dict], **settings):
    short, long = (read_annotations(part, f"{i}.json") for i, part in enumerate(halves(gt)))
    return evaluate_short_and_long(short, long, results, **settings)


def slow_ap(gt: dict, results: list[dict]) -> float:
    ids = {v["id"] for v in gt["videos"]}
    precision, _ = oracle(gt, [r for r in results if r["video_id"] in ids], ((0, 1e10),), (1, 10, 100))
    return 100 * float(np.mean(precision[precision > -1]))


@pytest.mark.parametrize("seed", range(4))
def test_ap_is_the_mean_of_both_parts_by_the_slow_form(seed):
    gt, results = random_problem(seed, videos=6)
    parts = [slow_ap(part, results) for part in halves(gt)]
    figures = both(gt, results).summary()
    assert [figures["short_AP"], figures["long_AP"]] == pytest.approx(parts, abs=1e-7)
    assert figures["AP"] == pytest.approx(sum(parts) / 2, abs=1e-7)
    assert figures["AP"] != pytest.approx(judged(gt, results).summary()["AP"], abs=1e-3), "no AP of all videos"


def test_each_part_has_all_figures_of_its_own_evaluation():
    gt, results = random_problem(5, videos=6)
    figures = both(gt, results, iou_type="bbox").summary()
    for name, part in zip(("short", "long"), halves(gt), strict=True):
        ids = {v["id"] for v in part["videos"]}
        expected = judged(part, [r for r in results if r["video_id"] in ids], "bbox").summary()
        assert {f"{name}_{key}": value for key, value in expected.items()}.items() <= figures.items()


def test_a_part_without_objects_has_no_mean():
    gt, results = random_problem(5, videos=6)
    short, _ = halves(gt)
    ids = {v["id"] for v in short["videos"]}
    gt["annotations"] = [a for a in gt["annotations"] if a["video_id"] in ids]
    figures = both(gt, results).summary()
    assert figures["short_AP"] >= 0
    assert figures["long_AP"] == figures["AP"] == -1


def test_both_files_together_know_all_videos_and_classes():
    gt, _ = random_problem(5, videos=6)
    short, long = halves(gt)
    short = short | dict(categories=gt["categories"][:2])
    short["annotations"] = [a for a in short["annotations"] if a["category_id"] < 3]
    files = [read_annotations(part, name) for part, name in ((short, "a.json"), (long, "b.json"))]
    whole = joined(*files)
    assert whole.path == "a.json and b.json"
    assert {v.id for v in whole.videos} == {v["id"] for v in gt["videos"]}
    assert [c["id"] for c in whole.categories] == [c["id"] for c in gt["categories"]]


def test_what_is_wrong_with_a_result_is_said():
    gt, results = random_problem(5, videos=6)
    with pytest.raises(InputError, match=r"r\.json: entry \d+: 'score' is a finite number"):
        both(gt, [*results, results[0] | dict(score=float("nan"))], results_where="r.json")


@pytest.mark.parametrize("odd", [5, {}, dict(video_id=[1]), dict(video_id=999, category_id=1, score=1.0)])
def test_what_belongs_to_no_video_is_refused(odd):
    gt, results = random_problem(5, videos=6)
    with pytest.raises(InputError, match="entry 0"):
        both(gt, [odd, *results])
