"""The measures of a frame against their slow form, and the statistics over time."""

import cv2
import numpy as np
import pytest
from davis_oracle import blobs, boundary, boundary_f, jaccard

from mmvis_ext.evaluation.davis_measures import (
    boundary_figures,
    find_boundaries,
    jaccards,
    statistics,
    tolerance,
    within_reach,
)

NOTHING = np.zeros((57, 83), bool)


@pytest.mark.parametrize("seed", range(4))
def test_all_pairs_are_those_of_single_masks(seed):
    truth, result = blobs(seed, 1, void=False)[0], blobs(seed + 10, 1, number=5, void=False)[0]
    pairs = [[(truth == i, result == j, NOTHING) for j in range(1, 6)] for i in range(1, 4)]
    ours = jaccards(truth, result, 3, 5), boundary_figures(truth, result, 3, 5)
    for table, measure in zip(ours, (jaccard, boundary_f), strict=True):
        assert table.shape == (3, 5)
        np.testing.assert_allclose(table, [[measure(*pair) for pair in row] for row in pairs], atol=1e-6)
    assert ours[1].max() > 0


@pytest.mark.parametrize("seed", range(4))
def test_boundaries_are_found_by_the_official_rule(seed):
    index_map = blobs(seed, 1, size=(23, 31), number=4, void=False)[0]
    index_map[-4:, -4:] = 4  # a mask in the last corner
    found = find_boundaries(index_map, 4)
    for k in range(4):
        mine = np.stack([found.rows, found.columns], axis=1)[found.owners[k]]
        assert mine.tolist() == boundary(index_map == k + 1).tolist()


def test_dilation_is_by_a_disk_and_stops_at_the_frame():
    rows, columns = np.array([0, 30, 56, 12]), np.array([2, 40, 82, 45])
    for radius in (1, 3, 8):
        y, x = np.ogrid[:57, :83]
        expected = np.zeros((57, 83), bool)
        for row, column in zip(rows, columns, strict=True):
            expected |= (y - row) ** 2 + (x - column) ** 2 <= radius**2
        np.testing.assert_array_equal(within_reach(rows, columns, (57, 83), radius), expected)
    assert not within_reach(rows[:0], columns[:0], (57, 83), 3).any()


def test_a_disk_is_scikit_images():
    disk = pytest.importorskip("skimage.morphology").disk
    for radius in (1, 2, 8, 13):
        points = np.zeros((40, 60), np.uint8)
        points[20, 30] = 1
        expected = cv2.dilate(points, disk(radius).astype(np.uint8))
        np.testing.assert_array_equal(within_reach(np.array([20]), np.array([30]), (40, 60), radius), expected)


def test_the_tolerance_is_a_share_of_the_diagonal():
    assert tolerance(480, 854) == 8  # 7.84
    assert tolerance(57, 83) == 1
    assert tolerance(1080, 1920) == 18  # 17.6


def test_empty_masks():
    empty, full = np.zeros((20, 30), np.uint8), np.ones((20, 30), np.uint8)
    corner = empty.copy()
    corner[5:9, 5:9] = 1
    for truth, result, j, f in [(empty, empty, 1, 1), (corner, empty, 0, 0), (empty, corner, 0, 0), (full, full, 1, 1)]:
        assert jaccards(truth, result, 1, 1).tolist() == [[j]]
        assert boundary_figures(truth, result, 1, 1).tolist() == [[f]]
    assert jaccards(full, empty, 1, 1).tolist() == [[0]]
    assert boundary_figures(full, empty, 1, 1).tolist() == [[1]], "a mask that fills the frame has no boundary"
    assert jaccards(empty, corner, 0, 2).shape == boundary_figures(empty, corner, 0, 2).shape == (0, 2)


@pytest.mark.parametrize("length", [1, 2, 3, 5, 34, 104, 300])
def test_statistics(length):
    values = np.random.default_rng(length).uniform(size=length)
    mean, recall, decay = statistics(values)
    assert mean == pytest.approx(sum(values) / length)
    assert recall == sum(v > 0.5 for v in values) / length
    quarter = (length - 1) / 4
    first, last = int(quarter + 0.5), int(3 * quarter + 0.5)
    assert decay == pytest.approx(values[: first + 1].mean() - values[last:].mean())
    assert statistics(np.full(length, 0.5)) == (0.5, 0, 0), "recall is of what lies above one half"
