"""Positions of tokens in time, rows and columns, number by number."""

import itertools
import math

import pytest
import torch

from mmvis_ext.models.query import padded_tokens, sine_encoding


def waves_slowly(position: float, channels: int) -> list[float]:
    out = []
    for i in range(channels):
        angle = 2 * math.pi * position / 10000 ** (2 * (i // 2) / channels)
        out.append(math.cos(angle) if i % 2 else math.sin(angle))
    return out


@pytest.mark.parametrize(("channels", "third"), [(12, 4), (384, 128), (16, 6), (64, 22)])
def test_each_dimension_has_a_third_of_the_channels(channels, third):
    outside = torch.zeros(2, 3, 4, dtype=torch.bool)
    outside[1, 2:] = outside[1, :, 3:] = True  # the second clip has 2 rows and 3 columns
    found = sine_encoding(outside, 5, channels)
    assert found.shape == (2, 5, 3, 4, channels)
    for b, (rows, columns) in enumerate(((3, 4), (2, 3))):
        for t, y, x in itertools.product(range(5), range(rows), range(columns)):
            parts = ((t + 1) / 5, (y + 1) / rows, (x + 1) / columns)
            expected = [value for part in parts for value in waves_slowly(part, third)][:channels]
            assert found[b, t, y, x].tolist() == pytest.approx(expected, abs=1e-5)


def test_tokens_in_the_padding_are_those_that_begin_in_it():
    sizes = torch.tensor([[64.0, 96.0], [33.0, 64.0], [32.0, 65.0]])
    found = padded_tokens(sizes, (64, 96), (4, 6))  # 16 pixels each
    for b, (height, width) in enumerate(sizes.tolist()):
        for y, x in itertools.product(range(4), range(6)):
            assert found[b, y, x] == (16 * y >= height or 16 * x >= width), (b, y, x)
