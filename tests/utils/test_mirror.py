"""Continuing back and forth."""

import itertools

import pytest

from mmvis_ext.utils.mirror import mirrored


def back_and_forth(length: int):
    while True:
        yield from range(length)
        yield from range(length - 2, 0, -1)


@pytest.mark.parametrize("length", [1, 2, 3, 7])
def test_a_row_is_continued_back_and_forth(length):
    expected = list(itertools.islice(back_and_forth(length), 20))
    assert [mirrored(i, length) for i in range(20)] == expected
