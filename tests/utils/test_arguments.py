"""Arguments out of range are refused where they are parsed."""

import argparse

import pytest

from mmvis_ext.utils.arguments import finite, seed


@pytest.mark.parametrize(
    ("kind", "good"), [(finite, {"0": 0.0, "-0.3": -0.3, "1e3": 1000.0}), (seed, {"0": 0, "4294967295": 2**32 - 1})]
)
def test_what_is_in_range_is_taken(kind, good):
    assert {text: kind(text) for text in good} == good


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1e999", "much", ""])
def test_numbers_that_are_none(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no finite number"):
        finite(text)


@pytest.mark.parametrize("text", ["-1", "4294967296", "1.5", "nan", "", "٣", "1" * 5000])
def test_seeds_out_of_range(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is no whole number from 0 to 4294967295"):
        seed(text)
