"""What is wrong with a track: each kind alone, the edges between kinds, and what no error is."""

import pytest
from track_cases import FIRST, LAST, PLACES, SHIFTED, A, B, case, joined, track
from vis_problems import annotation, result, truth, video

from mmvis_ext.annotations.youtube_vis import read_annotations
from mmvis_ext.evaluation.errors import KINDS, track_errors

OF = video(1, 10, 60, 90)


def errors_of(gt: dict, results: list[dict]):
    return track_errors(read_annotations(gt, "gt.json"), results)


def kinds_of(masks: list[tuple], objects: list[list], level: int = 0) -> list[str]:
    """Kinds of (class, score, masks) in a video with these objects of class 1, in the order of the scores."""
    gt = truth([OF], [annotation(i, OF, 1, m) for i, m in enumerate(objects, 1)])
    (judged,) = errors_of(gt, [result(OF, *entry) for entry in masks]).videos
    order = sorted(range(len(masks)), key=lambda d: -judged.found[d].score)
    return [str(judged.kinds[level, d]) for d in order]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", [0, 4, 9])
def test_one_kind_alone_is_named_and_no_other(kind, level):
    errors = errors_of(*case(kind))
    counts = errors.counts(level)
    assert {name for name, number in counts.items() if number} == {kind}
    assert counts[kind] % 3 == 0, "the same in each video"


@pytest.mark.parametrize("kind", KINDS)
def test_to_mend_the_one_kind_gives_all_there_is_to_gain(kind):
    errors = errors_of(*case(kind))
    lost = 100 - errors.figures.summary()["AP"]
    gains = {name: gain["AP"] for name, gain in errors.gains.items()}
    assert lost > 1
    assert gains.pop(kind) == pytest.approx(lost, abs=1e-9)
    assert set(gains.values()) == {0.0}


def test_right_results_have_no_errors():
    gt, _ = case("missed")
    perfect = [result(dict(id=a["video_id"]), a["category_id"], 0.5, a["segmentations"]) for a in gt["annotations"]]
    errors = errors_of(gt, perfect)
    assert not any(errors.counts().values())
    assert not any(gain["AP"] for gain in errors.gains.values())


def test_a_part_that_finds_the_object_leaves_the_other_part_broken():
    long, short = track(*PLACES[0], frames=range(7)), track(*PLACES[0], frames=range(7, 10))
    assert kinds_of([(1, 0.9, long), (1, 0.8, short)], [A]) == ["", "broken"]
    assert kinds_of([(1, 0.9, long), (1, 0.8, short)], [A], level=9) == ["broken", "broken"]


def test_parts_take_turns():
    half = track(*PLACES[0], frames=FIRST)
    assert kinds_of([(1, 0.9, A), (1, 0.8, half)], [A]) == ["", "duplicate"]
    copies = [(1, 0.9, half), (1, 0.8, track(*PLACES[0], frames=LAST)), (1, 0.7, half)]
    assert kinds_of(copies, [A], level=9) == ["broken", "broken", "duplicate"]


def test_parts_of_another_class_do_not_join():
    parts = [(1, 0.9, track(*PLACES[0], frames=range(4))), (2, 0.8, track(*PLACES[0], frames=range(4, 10)))]
    assert kinds_of(parts, [A]) == ["masks", "class"]


def test_parts_that_do_not_reach_the_threshold_together_are_poor_masks():
    parts = [(1, s, track(*PLACES[0], frames=f)) for s, f in ((0.9, range(2)), (0.8, range(2, 4)))]
    assert kinds_of(parts, [A]) == ["masks", "masks"]


def test_a_track_that_finds_one_object_and_goes_over_to_another_is_right_and_merged():
    mostly_a = joined(track(*PLACES[0], frames=range(8)), track(*PLACES[1], frames=range(8, 10)))
    gt = truth([OF], [annotation(i, OF, 1, m) for i, m in enumerate((A, B), 1)])
    (judged,) = errors_of(gt, [result(OF, 1, 0.9, mostly_a)]).videos
    assert judged.given[0].tolist() == [0]
    assert judged.kinds[0].tolist() == ["merged"]
    assert judged.targets[0] == [(0, 1)]
    assert judged.fates() == ["", "merged"]


def test_a_visit_of_less_than_a_tenth_of_the_frames_is_no_part():
    of = video(1, 30, 60, 90)
    a, b = (track(*place)[:1] * 30 for place in PLACES)
    for visit, expected in ((2, ""), (3, "merged")):
        gt = truth([of], [annotation(i, of, 1, m) for i, m in enumerate((a, b), 1)])
        (judged,) = errors_of(gt, [result(of, 1, 0.9, a[: 30 - visit] + b[:visit])]).videos
        assert judged.kinds[0].tolist() == [expected]


def test_a_short_track_of_an_object_is_no_background():
    speck = track(*PLACES[0], frames=range(1))  # tube IoU 0.1, all of it right
    assert kinds_of([(1, 0.9, speck)], [A]) == ["masks"]
    of = video(1, 30, 60, 90)
    gt = truth([of], [annotation(1, of, 1, A * 3)])
    (judged,) = errors_of(gt, [result(of, 1, 0.9, [A[0]] + [None] * 29)]).videos  # tube IoU 0.03
    assert judged.kinds[0].tolist() == ["masks"]


def test_a_poor_track_at_an_object_that_is_found_is_not_a_duplicate():
    assert kinds_of([(1, 0.9, A), (1, 0.8, track(*SHIFTED))], [A]) == ["", "masks"]


def test_who_lies_on_a_crowd_is_excused():
    gt = truth([OF], [annotation(1, OF, 1, A, iscrowd=1), annotation(2, OF, 1, B)])
    (judged,) = errors_of(gt, [result(OF, 1, 0.9, A), result(OF, 1, 0.8, A)]).videos
    assert judged.kinds[0].tolist() == ["", ""]
    assert judged.fates() == ["missed"]


def test_an_object_that_several_errors_are_about_has_the_fate_of_the_best():
    gt = truth([OF], [annotation(1, OF, 1, A)])
    results = [result(OF, 1, 0.3, track(*SHIFTED)), result(OF, 2, 0.9, A)]
    (judged,) = errors_of(gt, results).videos
    assert judged.fates() == ["class"]


def test_a_video_without_objects_and_one_without_results():
    other = video(2, 10, 60, 90)
    gt = truth([OF, other], [annotation(1, OF, 1, A)])
    errors = errors_of(gt, [result(other, 1, 0.9, A)])
    assert errors.counts() == dict.fromkeys(KINDS, 0) | dict(background=1, missed=1)
    assert errors.video_precision() == {1: 0.0, 2: -1.0}
