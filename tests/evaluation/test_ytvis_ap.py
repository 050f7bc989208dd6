"""The measure against cases worked out by hand, and against a slow oracle on random ones."""

# ruff: noqa: SIM300  (AP is a figure, not a constant)

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vis_oracle import oracle
from vis_problems import annotation, judged, random_problem, rectangle, result, truth, video

from mmvis_ext.structures import encode
from mmvis_ext.utils.errors import InputError

BOX = (10, 10, 20, 20)


def masks(*boxes):
    """Masks in a 60 x 80 frame; ``None`` stays."""
    return [None if box is None else rectangle(60, 80, *box) for box in boxes]


def one_object(length=3, **kwargs):
    of = video(1, length, 60, 80)
    return of, truth([of], [annotation(1, of, 1, masks(*[BOX] * length), **kwargs)])


def as_results(gt, score=0.5):
    return [
        dict(video_id=a["video_id"], category_id=a["category_id"], score=score, segmentations=a["segmentations"])
        for a in gt["annotations"]
    ]


def test_perfect_results_reach_100():
    gt, _ = random_problem(1)
    summary = judged(gt, as_results(gt)).summary()
    assert [summary[name] for name in ("AP", "AP50", "AP75", "AR10", "AR100")] == pytest.approx([100] * 5)
    by_area = np.array([summary[name] for name in ("APs", "APm", "APl", "ARs", "ARm", "ARl")])
    np.testing.assert_allclose(by_area, np.where(by_area < 0, -1, 100))


def test_no_results_have_ap_zero():
    _, gt = one_object()
    figures = judged(gt, [])
    assert (figures.AP, figures.AR1, figures.APl) == (0, 0, -1)


def test_no_ground_truth_is_minus_one_and_not_minus_100():
    of = video(1, 1, 60, 80)
    figures = judged(truth([of], []), [result(of, 1, 0.9, masks(BOX))])
    assert set(figures.summary().values()) == {-1.0}


def test_an_overlap_of_exactly_one_half_counts_at_the_first_threshold_only():
    of, gt = one_object(length=2)
    half = masks((10, 10, 20, 10), (10, 20, 20, 10))
    figures = judged(gt, [result(of, 1, 0.9, half)])
    assert figures.AP50 == pytest.approx(1)
    assert figures.AP == pytest.approx(0.1)
    assert figures.AP75 == 0


def test_overlap_is_over_the_whole_video_and_not_the_mean_over_frames():
    """A perfect frame and one where the result is absent: 400 of 800 pixels. An absent truth adds to the union too."""
    of = video(1, 2, 60, 80)
    gt = truth([of], [annotation(1, of, 1, masks(BOX, BOX))])
    assert judged(gt, [result(of, 1, 0.9, masks(BOX, None))]).AP == pytest.approx(0.1)
    gt = truth([of], [annotation(1, of, 1, masks(BOX, None))])
    assert judged(gt, [result(of, 1, 0.9, masks(BOX, (0, 0, 20, 21)))]).AP == 0


@pytest.mark.parametrize(("false_score", "expected"), [(0.9, 0.5), (0.1, 1.0)])
def test_a_false_positive_costs_only_when_ranked_above(false_score, expected):
    of, gt = one_object()
    results = [result(of, 1, 0.5, masks(BOX, BOX, BOX)), result(of, 1, false_score, masks((40, 30, 9, 9), None, None))]
    assert judged(gt, results).AP == pytest.approx(expected)


def test_a_second_result_on_the_same_object_is_a_false_positive():
    of = video(1, 1, 60, 80)
    gt = truth([of], [annotation(1, of, 1, masks(BOX)), annotation(2, of, 1, masks((50, 30, 10, 10)))])
    results = [result(of, 1, s, masks(b)) for s, b in ((0.9, BOX), (0.8, BOX), (0.7, (50, 30, 10, 10)))]
    # Precision is 1 up to recall 0.5 (51 points) and 2/3 beyond (50 points).
    assert judged(gt, results).AP == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_video_without_ground_truth_of_the_class_gives_false_positives():
    first, second = video(1, 1, 60, 80), video(2, 1, 60, 80)
    gt = truth([first, second], [annotation(1, first, 1, masks(BOX))])
    results = [result(second, 1, 0.9, masks(BOX)), result(first, 1, 0.5, masks(BOX))]
    assert judged(gt, results).AP == pytest.approx(0.5)


def test_a_class_without_ground_truth_takes_no_part_in_the_mean():
    of, gt = one_object(length=1)
    figures = judged(gt, [result(of, 1, 0.5, masks(BOX)), result(of, 2, 0.9, masks(BOX))])
    assert figures.AP == pytest.approx(1)
    assert [(c["name"], c["AP"]) for c in figures.per_class] == [("class_1", pytest.approx(1)), ("class_2", -1)]
    assert figures.class_summary()[0]["AP"] == pytest.approx(100)


def test_class_agnostic_forgives_the_class():
    of, gt = one_object(length=1)
    results = [result(of, 2, 0.5, masks(BOX))]
    assert judged(gt, results).AP == 0
    assert judged(gt, results, class_agnostic=True).AP == pytest.approx(1)


def test_a_crowd_is_no_target_and_swallows_any_number_of_results():
    of = video(1, 1, 60, 80)
    gt = truth([of], [annotation(1, of, 1, masks(BOX)), annotation(2, of, 1, masks((40, 30, 20, 20)), iscrowd=1)])
    on_crowd = [result(of, 1, 0.9, masks((40, 30, 20, 20)))] * 3
    assert judged(gt, [*on_crowd, result(of, 1, 0.5, masks(BOX))]).AP == pytest.approx(1)
    inside = [result(of, 1, 0.9, masks((40, 30, 9, 9)))]  # inside the crowd is not enough: the IoU is an ordinary one
    assert judged(gt, [*inside, result(of, 1, 0.5, masks(BOX))]).AP == pytest.approx(0.5)


def test_an_object_goes_before_a_crowd_that_overlaps_more():
    of = video(1, 1, 60, 80)
    crowd, half = annotation(1, of, 1, masks(BOX), iscrowd=1), annotation(2, of, 1, masks((10, 10, 20, 10)))
    for annotations in ([crowd, half], [half, crowd]):
        figures = judged(truth([of], annotations), [result(of, 1, 0.9, masks(BOX))])
        assert (figures.AP50, figures.AP75) == (pytest.approx(1), 0)


@pytest.mark.parametrize(("order", "recall"), [((0, 1), 0.5), ((1, 0), 1)])
def test_of_two_equal_overlaps_the_later_in_the_file_is_taken(order, recall):
    of = video(1, 1, 60, 80)
    top, bottom = masks((10, 10, 20, 10)), masks((10, 20, 20, 10))
    gt = truth([of], [annotation(i + 1, of, 1, (top, bottom)[half]) for i, half in enumerate(order)])
    both = judged(gt, [result(of, 1, 0.9, masks(BOX)), result(of, 1, 0.5, bottom)])
    assert both.recall[0, 0, 0, 2] == recall


def test_limits_on_the_number_of_results():
    """Twelve objects of one class, all found: one of twelve with one result, ten of twelve with ten."""
    of = video(1, 1, 60, 80)
    places = [(20 * (i % 4), 20 * (i // 4), 10, 10) for i in range(12)]
    gt = truth([of], [annotation(i + 1, of, 1, masks(p)) for i, p in enumerate(places)])
    figures = judged(gt, [result(of, 1, 0.9 - i / 100, masks(p)) for i, p in enumerate(places)])
    assert (figures.AR1, figures.AR10, figures.AR100) == pytest.approx((1 / 12, 10 / 12, 1))
    assert figures.AP == pytest.approx(1)


def test_only_the_best_100_results_of_a_video_and_class_are_looked_at():
    of, gt = one_object(length=1)
    wrong = [result(of, 1, 0.9, masks((40, 30, 9, 9)))]
    right = [result(of, 1, 0.5, masks(BOX))]
    assert judged(gt, wrong * 99 + right).AR100 == 1
    figures = judged(gt, wrong * 100 + right)
    assert (figures.AP, figures.AR100) == (0, 0)


def test_area_ranges_include_both_ends_and_leave_absent_frames_out_of_the_mean():
    of = video(1, 3, 300, 300)
    sizes = dict(s=128, m=256, l=257)
    for name, side in sizes.items():
        object_masks = [None, rectangle(300, 300, 0, 0, side, side), None]
        gt = truth([of], [annotation(1, of, 1, object_masks)])
        summary = judged(gt, [result(of, 1, 0.5, object_masks)]).summary()
        # A side of 128 or 256 is the end of one range and the start of the next.
        there = {n for n in sizes if summary[f"AP{n}"] == pytest.approx(100) == summary[f"AR{n}"]}
        assert there == dict(s={"s", "m"}, m={"m", "l"}, l={"l"})[name]


def test_a_false_positive_of_another_size_is_ignored_in_an_area_range():
    of = video(1, 1, 300, 300)
    large = [rectangle(300, 300, 0, 0, 290, 290)]
    gt = truth([of], [annotation(1, of, 1, large)])
    results = [result(of, 1, 0.9, [rectangle(300, 300, 0, 0, 10, 10)]), result(of, 1, 0.5, large)]
    figures = judged(gt, results)
    assert (figures.AP, figures.APl, figures.APs) == (pytest.approx(0.5), pytest.approx(1), -1)


def test_the_file_s_own_areas_decide_the_range_of_a_ground_truth():
    _, gt = one_object()
    gt["annotations"][0]["areas"] = [0, 70000, None]
    assert judged(gt, as_results(gt)).APl == pytest.approx(1)
    del gt["annotations"][0]["areas"]
    assert judged(gt, as_results(gt)).APs == pytest.approx(1)


def test_id_zero_is_an_id_like_any_other():
    of = video(0, 1, 60, 80)
    gt = dict(videos=[of], categories=[dict(id=0, name="a")], annotations=[annotation(0, of, 0, masks(BOX))])
    assert judged(gt, [result(of, 0, 0.5, masks(BOX))]).AP == pytest.approx(1)


def test_any_form_of_mask_gives_the_same_figures():
    of, gt = one_object(length=1)
    results = [result(of, 1, 0.5, masks((12, 10, 20, 20)))]
    expected = judged(gt, results).summary()
    runs = [60 * 10 + 10, *[20, 40] * 19, 20, 60 * 80 - (60 * 29 + 30)]
    for form in (
        dict(size=[60, 80], counts=runs),
        dict(size=[60, 80], counts=gt["annotations"][0]["segmentations"][0]["counts"].encode()),
        [[10, 10, 30, 10, 30, 30, 10, 30]],
    ):
        gt["annotations"][0]["segmentations"] = [form]
        assert judged(gt, results).summary() == expected


def test_box_tubes_compare_boxes():
    of, gt = one_object(length=2)
    corners = [rectangle(60, 80, 10, 10, 20, 20)] * 2
    results = [result(of, 1, 0.5, corners) | dict(bboxes=[[10, 10, 20, 10], [10, 10, 20, 10]])]
    assert judged(gt, results, "segm").AP == pytest.approx(1)
    assert judged(gt, results, "bbox").AP == pytest.approx(0.1)
    del results[0]["bboxes"]
    assert judged(gt, results, "bbox").AP == pytest.approx(1)
    for entry in (*gt["annotations"], *results):
        entry.pop("areas", None)
    boxes = [dict(video_id=1, category_id=1, score=0.5, bboxes=[[10, 10, 20, 20], None])]
    assert judged(gt, boxes, "bbox").AP50 == pytest.approx(1)


def test_boxes_are_found_where_the_ground_truth_has_boxes_and_no_masks():
    of, gt = one_object(length=2)
    gt["annotations"][0] |= dict(segmentations=[rectangle(60, 80, 10, 10, 20, 20), None], bboxes=[[10, 10, 10, 10]] * 2)
    found = [result(of, 1, 0.5, [None, None]) | dict(bboxes=[[10, 10, 10, 10]] * 2)]
    assert judged(gt, found, "bbox").AP == pytest.approx(1)


def test_boxes_are_small_or_large_by_their_masks():
    of = video(1, 1, 300, 300)
    thin = np.zeros((300, 300), bool)
    thin[:200, 0] = thin[0, :200] = True
    (mask,) = encode(thin[None])
    gt = truth([of], [annotation(1, of, 1, [mask])])
    found = [result(of, 1, 0.5, [mask])]
    stated = judged(gt, found, "bbox").summary()
    gt["annotations"][0].pop("areas")
    by_masks = judged(gt, found, "bbox").summary()
    assert by_masks == stated
    assert by_masks["APs"] == pytest.approx(100)
    gt["annotations"][0].pop("segmentations")
    by_boxes = judged(gt, found, "bbox").summary()
    assert (by_boxes["APs"], by_boxes["APm"]) == (-1, pytest.approx(100))


def test_ids_may_be_numpys():
    of, gt = one_object(length=2)
    found = result(of, 1, 0.5, [rectangle(60, 80, 10, 10, 20, 20)] * 2)
    numpys = found | dict(video_id=np.int64(1), category_id=np.float64(1), score=np.float32(0.5))
    assert judged(gt, [numpys]).AP == judged(gt, [found]).AP == pytest.approx(1)


def test_boxes_of_rectangles_give_the_figures_of_their_masks():
    gt, results = random_problem(3)
    masks_only, boxes_only = judged(gt, results), judged(gt, results, "bbox")
    np.testing.assert_allclose(boxes_only.precision, masks_only.precision, atol=1e-12)
    np.testing.assert_allclose(boxes_only.recall, masks_only.recall, atol=1e-12)


def test_nothing_is_changed_in_the_inputs():
    gt, results = random_problem(4, crowds=True)
    before = copy.deepcopy((gt, results))
    judged(gt, results)
    judged(gt, results, "bbox", class_agnostic=True)
    assert (gt, results) == before


def test_wrong_arguments_are_refused():
    _, gt = one_object()
    with pytest.raises(InputError, match="'segm' or 'bbox'"):
        judged(gt, [], iou_type="mask")
    with pytest.raises(InputError, match="rising order"):
        judged(gt, [], max_dets=(100, 10, 1))
    with pytest.raises(InputError, match="four"):
        judged(gt, [], area_ranges=((0, 1e10),))


@pytest.mark.parametrize("seed", range(4))
def test_random_problems_agree_with_the_oracle(seed):
    gt, results = random_problem(seed, videos=3, objects=4, found=8, size=300, crowds=True)
    figures = judged(gt, results)
    precision, recall = oracle(gt, results, ((0, 1e10), (0, 128**2), (128**2, 256**2), (256**2, 1e10)), (1, 10, 100))
    np.testing.assert_allclose(figures.precision, precision, atol=1e-12)
    np.testing.assert_allclose(figures.recall, recall, atol=1e-12)
    assert figures.AP == pytest.approx(precision[..., 0][precision[..., 0] > -1].mean())


@st.composite
def tiny_problems(draw):
    """Few places and few scores, so that equal overlaps, equal scores and overlaps at a threshold abound."""
    height, width = 6, 8
    place = st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 4), st.integers(0, 3))
    videos = [video(v, draw(st.integers(1, 3)), height, width) for v in draw(st.permutations([0, 3, 7]))[:2]]

    def tracks(most):
        for of in videos:
            for _ in range(draw(st.integers(0, most))):
                shown = draw(st.lists(st.none() | place, min_size=of["length"], max_size=of["length"]))
                yield of, draw(st.integers(1, 2)), [None if p is None else rectangle(height, width, *p) for p in shown]

    annotations = [annotation(i, *t, iscrowd=draw(st.sampled_from([0, 0, 0, 1]))) for i, t in enumerate(tracks(4))]
    results = [result(of, k, draw(st.sampled_from([0.1, 0.5, 0.9])), m) for of, k, m in tracks(6)]
    # Some results repeat a ground truth exactly.
    results += [
        result(next(v for v in videos if v["id"] == a["video_id"]), a["category_id"], 0.5, a["segmentations"])
        for a in annotations
        if draw(st.booleans())
    ]
    return truth(videos, annotations), results


@settings(max_examples=150, deadline=None)
@given(tiny_problems())
def test_tiny_problems_agree_with_the_oracle(problem):
    gt, results = problem
    ranges, limits = ((0, 1e10), (0, 4), (4, 8), (8, 1e10)), (1, 2, 4)
    figures = judged(gt, results, area_ranges=ranges, max_dets=limits)
    precision, recall = oracle(gt, results, ranges, limits)
    np.testing.assert_allclose(figures.precision, precision, atol=1e-12)
    np.testing.assert_allclose(figures.recall, recall, atol=1e-12)
