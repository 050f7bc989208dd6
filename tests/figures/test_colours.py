"""Maps of numbers as colours."""

import numpy as np
import pytest

from mmvis_ext.figures.colours import directions, heat


def test_heat_goes_from_blue_to_red():
    values = np.array([[0.0, 1.0], [0.5, 0.0]])
    painted = heat(values, np.zeros((20, 20, 3), np.uint8)).astype(int)
    low, high, middle = painted[0, 0], painted[0, -1], painted[-1, 0]
    assert low.argmax() == 2
    assert high.argmax() == 0
    assert middle.argmax() == 1


def test_heat_has_the_scale_that_it_is_given():
    picture = np.zeros((4, 4, 3), np.uint8)
    values = np.full((2, 2), 0.5)
    assert np.array_equal(heat(values, picture, 0.5, 1.0), heat(np.zeros((2, 2)), picture, 0.0, 1.0))
    assert np.array_equal(heat(values * 9, picture, 0.0, 1.0), heat(np.ones((2, 2)), picture, 0.0, 1.0))
    assert heat(values, picture).shape == picture.shape, "all values equal"


@pytest.mark.parametrize(
    ("vector", "strongest"), [((1, 0), {0}), ((0, 1), {0, 1}), ((-1, 0), {1, 2}), ((0, -1), {0, 2})]
)
def test_the_hue_says_where_a_vector_points(vector, strongest):
    (red, green, blue) = directions(np.array(vector, float).reshape(2, 1, 1), (3, 5))[1, 2].tolist()
    assert {i for i, value in enumerate((red, green, blue)) if value > 120} == strongest


def test_the_brightness_says_how_long_it_is():
    field = np.array([[[0.0, 1.0, 2.0]], [[0.0, 0.0, 0.0]]])
    assert directions(field, (1, 3))[0, :, 0].tolist() == [0, 128, 255]
    assert directions(field, (1, 3), longest=4.0)[0, :, 0].tolist() == [0, 64, 128]
