"""Overlap of tubes."""

import numpy as np
import pytest
from vis_oracle import video_iou

from mmvis_ext.structures import box_tube, encode, mask_tube, tube_ious


def random_tubes(rng, n, length, height, width):
    """Noise at several densities; some frames empty, some absent."""
    density = rng.random((n, length, 1, 1)) ** 2
    masks = rng.random((n, length, height, width)) < density
    rles = [encode(m) for m in masks]
    return [[None if rng.random() < 0.2 else rle for rle in tube] for tube in rles]


@pytest.mark.parametrize("seed", range(5))
def test_mask_tubes_agree_with_decoded_masks_to_the_last_bit(seed):
    rng = np.random.default_rng(seed)
    ours, theirs = random_tubes(rng, 5, 4, 37, 53), random_tubes(rng, 3, 4, 37, 53)
    ious = tube_ious([mask_tube(t) for t in ours], [mask_tube(t) for t in theirs])
    assert ious.tolist() == [[video_iou(a, b) for b in theirs] for a in ours]


def test_shared_pixels_stay_exact_on_large_frames():
    rng = np.random.default_rng(0)
    one, other = (encode(rng.random((1, 1080, 1920)) < 0.5) for _ in range(2))
    assert tube_ious([mask_tube(one)], [mask_tube(other)])[0, 0] == video_iou(one, other)


@pytest.mark.parametrize(("n", "m"), [(0, 0), (0, 2), (2, 0)])
def test_no_tubes(n, m):
    assert tube_ious([mask_tube([None])] * n, [mask_tube([None])] * m).shape == (n, m)


def test_tubes_without_area_do_not_overlap():
    empty = encode(np.zeros((1, 4, 4), dtype=bool))
    assert tube_ious([mask_tube(empty), mask_tube([None])], [mask_tube(empty)]).tolist() == [[0.0], [0.0]]


def test_mean_area_leaves_absent_and_empty_frames_out():
    full, empty = encode(np.ones((1, 4, 5), dtype=bool)), encode(np.zeros((1, 4, 5), dtype=bool))
    assert mask_tube([*full, None, *empty]).mean_area == 20
    assert mask_tube([None]).mean_area == 0


def test_the_overlap_with_some_truths_is_the_share_of_the_result_inside():
    ours = box_tube(np.array([[0, 0, 2, 2], [0, 0, 2, 4]]))
    theirs = box_tube(np.array([[1, 0, 9, 9], [0, 0, 0, 0]]))
    masks = [mask_tube(encode(np.array(tube))) for tube in (
        [np.pad(np.ones((2, 2)), ((0, 7), (0, 7))), np.pad(np.ones((4, 2)), ((0, 5), (0, 7)))],
        [np.pad(np.ones((9, 8)), ((0, 0), (1, 0))), np.zeros((9, 9))],
    )]  # fmt: skip
    for found, truth in ((ours, theirs), masks):
        ious = tube_ious([found], [truth, truth], np.array([True, False]))
        assert ious.tolist() == [[pytest.approx(2 / 12), pytest.approx(2 / (12 + 72 - 2))]]


def test_box_tubes_by_hand():
    """Frame by frame: 1 of 7, only one present (4), both absent."""
    ours = box_tube(np.array([[0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 0, 0]]))
    theirs = box_tube(np.array([[1, 1, 3, 3], [0, 0, 0, 0], [0, 0, 0, 0]]))
    assert tube_ious([ours], [theirs])[0, 0] == pytest.approx(1 / 11)


def test_box_tubes_agree_with_trackeval():
    metric = pytest.importorskip("trackeval").metrics.TrackMAP
    rng = np.random.default_rng(0)
    boxes = rng.uniform(0, 50, (7, 6, 4)) * (rng.random((7, 6, 1)) < 0.8)
    tracks = [{t: box for t, box in enumerate(track) if box.any()} for track in boxes]
    tubes = [box_tube(np.concatenate([b[:, :2], b[:, :2] + b[:, 2:]], axis=1)) for b in boxes]
    expected = metric._compute_track_ious(tracks[:4], tracks[4:], iou_function="bbox", boxformat="xywh")
    np.testing.assert_allclose(tube_ious(tubes[:4], tubes[4:]), expected, atol=1e-12)
