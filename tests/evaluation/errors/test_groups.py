"""Groups by size and length, and the figures of tracking."""

import sys

import numpy as np
import pytest
from track_cases import A, B, case
from vis_problems import annotation, random_problem, rectangle, result, truth, video

from mmvis_ext.annotations.youtube_vis import read_annotations
from mmvis_ext.evaluation.errors import groups, track_errors, tracking_figures
from mmvis_ext.utils.errors import InputError


def test_sizes_and_lengths_of_objects_and_how_many_are_found():
    of = video(1, 35, 300, 300)
    small, middle, large = (
        [rectangle(300, 300, 0, 0, side, side)] * shown + [None] * (35 - shown)
        for side, shown in ((128, 10), (129, 11), (257, 35))
    )
    gt = truth([of], [annotation(i, of, i, m) for i, m in enumerate((small, middle, large), 1)], classes=3)
    loose = [rectangle(300, 300, 0, 0, 129, 90)] * 11 + [None] * 24  # IoU 0.698: right at 4 of 10 thresholds
    results = [result(of, 2, 0.9, loose), result(of, 2, 0.8, large)]
    rows = {row.name: row for row in groups(track_errors(read_annotations(gt, "gt.json"), results).videos)}
    assert list(rows) == ["small", "medium", "large", "up to 10 frames", "11 to 30 frames", "more than 30 frames"]
    for one, other in zip(list(rows)[:3], list(rows)[3:], strict=True):
        assert rows[one][1:] == rows[other][1:], "each size has a length of its own here"
    assert rows["small"][1:] == (1, 0, 0, {"missed": 1})
    assert rows["medium"][1:] == (1, 1, 0.4, {})
    assert rows["large"][1:] == (1, 0, 0, {"class": 1})


def test_the_recall_of_a_size_is_that_of_the_official_evaluation():
    gt, results = random_problem(3, classes=1)
    errors = track_errors(read_annotations(gt, "gt.json"), results)
    rows = {row.name: row for row in errors.groups}
    alone = {name: getattr(errors.figures, f"AR{name[0]}") for name in ("small", "medium", "large") if name in rows}
    assert alone
    # matches with objects of other sizes do not count there, so that they can leave more for the size itself
    for name, recall in alone.items():
        assert rows[name].recall <= recall + 1e-9


def test_hota_and_idf1_of_perfect_results_and_of_an_exchange_of_identities():
    pytest.importorskip("trackeval")
    gt, _ = case("missed")
    perfect = [result(dict(id=a["video_id"]), a["category_id"], 0.9, a["segmentations"]) for a in gt["annotations"]]
    errors = track_errors(read_annotations(gt, "gt.json"), perfect)
    assert tracking_figures(errors.videos, 0.5) == pytest.approx(dict(HOTA=100, DetA=100, AssA=100, IDF1=100))
    assert tracking_figures(errors.videos, 0.95)["HOTA"] == 0, "results that score less are left out"
    of = video(1, 10, 60, 90)
    gt = truth([of], [annotation(i, of, 1, m) for i, m in enumerate((A, B), 1)], classes=1)
    exchanged = [result(of, 1, 0.9, A[:5] + B[5:]), result(of, 1, 0.8, B[:5] + A[5:])]
    figures = tracking_figures(track_errors(read_annotations(gt, "gt.json"), exchanged).videos, 0)
    assert figures["DetA"] == pytest.approx(100)
    # of each detection 5 frames are shared by result and truth, of 15 that one of them has
    assert figures["AssA"] == pytest.approx(100 / 3)
    assert figures["HOTA"] == pytest.approx(100 / np.sqrt(3))
    assert figures["IDF1"] == pytest.approx(50)


def test_hota_says_what_is_missing(monkeypatch):
    gt, results = case("class", videos=1)
    videos = track_errors(read_annotations(gt, "gt.json"), results).videos
    monkeypatch.setitem(sys.modules, "trackeval.metrics", None)
    with pytest.raises(InputError, match=r"need the package trackeval, but trackeval\.metrics is not installed: `pip"):
        tracking_figures(videos, 0)
    monkeypatch.undo()
    pytest.importorskip("trackeval")
    empty = track_errors(read_annotations(gt | dict(annotations=[]), "gt.json"), results).videos
    with pytest.raises(InputError, match="need ground truth"):
        tracking_figures(empty, 0)
