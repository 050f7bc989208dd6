"""Classes are paired by name, and a classifier's weights follow them."""

import pytest
import torch

from mmvis_ext.annotations.class_maps import CLASS_MAPS
from mmvis_ext.models.converters import ClassRows


def test_names_are_compared_in_plain_writing():
    there = [*"abcde", "dog", "tennis racket", "mouse"]
    rows = ClassRows.by_name(["star", "Tennis_Racket", "cat", "x", "dog"], there)
    assert rows == ClassRows([(1, 6), (4, 5)], here=5, there=8)


def test_a_class_map_renames_the_classes_of_the_checkpoint():
    there = ["car", "motorcycle", "mouse", "dog"]
    rows = ClassRows.by_name(["mouse", "sedan", "dog", "motorcycle"], there, CLASS_MAPS["coco_to_youtube_vis_2019"])
    assert rows.pairs == [(1, 0), (2, 3), (3, 1)], "a motorbike is no class here, so a motorcycle stays one"


@pytest.mark.parametrize("size", [1, 4])
@pytest.mark.parametrize("background", [0, 1])
def test_rows_follow_their_classes(size, background):
    rows = ClassRows([(0, 6), (2, 1)], here=3, there=7)
    own, value = torch.zeros(3 * size + background, 2), torch.arange(7 * size + background)[:, None].repeat(1, 2) + 1.0
    taken = rows.take(value, own)
    expected = own.clone()
    for r in range(size):
        expected[r], expected[2 * size + r] = value[6 * size + r], value[size + r]
    if background:
        expected[-1] = value[-1]
    assert torch.equal(taken, expected)
    assert not own.any()


def test_layers_of_another_form_give_nothing():
    rows = ClassRows([(0, 0)], here=3, there=7)
    assert rows.take(torch.zeros(7, 2), torch.zeros(3, 4)) is None
    assert rows.take(torch.zeros(8, 2), torch.zeros(3, 2)) is None
    assert rows.take(torch.zeros(28, 2), torch.zeros(3, 2)) is None
    assert rows.take(torch.zeros(9, 2), torch.zeros(5, 2)) is None
