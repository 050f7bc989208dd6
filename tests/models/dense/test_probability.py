"""Pixel probability, pixel by pixel (Eq. 3)."""

import math

import pytest
import torch
from dense_oracle import grid_slowly, probability_slowly

from mmvis_ext.models import pixel_probability
from mmvis_ext.models.dense import instance_probabilities
from mmvis_ext.models.dense.probability import embed, with_extra

H, W = 4, 7


@pytest.mark.parametrize("dimensions", [2, 3, 4])
def test_probabilities_against_the_formula(dimensions):
    offsets, centres = torch.randn(dimensions, H, W), torch.randn(3, dimensions)
    bandwidths = torch.rand(3, dimensions) + 0.3
    found = instance_probabilities(embed(offsets), centres, bandwidths)
    for n, j, i in [(n, j, i) for n in range(3) for j in range(H) for i in range(W)]:
        expected = probability_slowly(offsets, centres[n], bandwidths[n], j, i)
        assert float(found[n, j, i]) == pytest.approx(expected, rel=1e-4, abs=1e-7)
    for n in range(3):
        one = pixel_probability(embed(offsets), centres[n], bandwidths[n])
        torch.testing.assert_close(one, found[n], rtol=0, atol=0)


def test_a_pixel_at_the_centre_is_certain():
    offsets = torch.zeros(2, H, W)
    centre = embed(offsets)[:, 1, 2]
    assert pixel_probability(embed(offsets), centre, torch.tensor([0.1, 0.2]))[1, 2] == 1


def test_a_dimension_that_tells_apart_does_so_alone():
    """Two pixels that point to one place and differ in the third dimension by two bandwidths."""
    embeddings = torch.zeros(3, 1, 2)
    embeddings[2, 0, 1] = 1.0
    found = pixel_probability(embeddings, torch.zeros(3), torch.tensor([0.1, 0.1, 0.5]))
    assert found[0].tolist() == pytest.approx([1.0, math.exp(-2)])


@pytest.mark.parametrize("lead", [(), (2,), (2, 3)])
def test_the_grid_is_added_to_two_dimensions(lead):
    offsets = torch.randn(*lead, 4, H, W)
    found, places = embed(offsets), grid_slowly(H, W)
    for j, i in [(j, i) for j in range(H) for i in range(W)]:
        for d in range(2):
            torch.testing.assert_close(found[..., d, j, i], offsets[..., d, j, i] + places[j][i][d])
    assert torch.equal(found[..., 2:, :, :], offsets[..., 2:, :, :])


@pytest.mark.parametrize("extra", [(), (0.5,), (0.25, 2.0)])
def test_fixed_bandwidths_follow_the_predicted_ones(extra):
    bandwidths = torch.rand(3, 2)
    assert with_extra(bandwidths, extra).tolist() == [[*row, *extra] for row in bandwidths.tolist()]
    assert with_extra(bandwidths[0], extra).tolist() == [*bandwidths[0].tolist(), *extra]


def test_no_instances_have_no_probabilities():
    assert instance_probabilities(torch.randn(2, H, W), torch.zeros(0, 2), torch.zeros(0, 2)).shape == (0, H, W)
