"""Clustering, linking and heatmap with static shapes give what those of the model give."""

import numpy as np
import pytest
import torch

from mmvis_ext.export.instances import boxes_around, draw_places, find_places, link_places
from mmvis_ext.models.association import greedy_link
from mmvis_ext.models.dense import DenseOutput, cluster_instances, draw_centres

M = 6


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "settings",
    [
        dict(min_score=0.3, min_pixels=1, min_free=0.0),
        dict(min_score=0.3, min_pixels=9, min_free=0.5),
        dict(min_score=1.1, min_pixels=1, min_free=0.5),
    ],
)
def test_places_are_the_instances(settings, seed):
    torch.manual_seed(seed)
    offsets, bandwidths = 0.4 * torch.randn(3, 7, 11), 0.2 + 0.3 * torch.rand(2, 7, 11)
    objectness = torch.rand(7, 11)
    objectness[:, 9:] = -1  # padding
    offsets[0, 2, 3] = torch.nan
    objectness[2, 3] = 1.0
    found = find_places(DenseOutput(offsets, bandwidths, offsets[:2], objectness, None), [0.5], M, settings)
    expected = cluster_instances(offsets, bandwidths, objectness, [0.5], max_instances=M, **settings)
    assert int(found.taken.sum()) == len(expected.scores)
    for ours, theirs in zip(found[:4], expected, strict=True):
        torch.testing.assert_close(ours[found.taken], theirs, atol=0, rtol=0, equal_nan=True)
    assert not found.masks[~found.taken].any()


@pytest.mark.parametrize("seed", range(8))
def test_links_are_greedy(seed):
    torch.manual_seed(seed)
    before, there = torch.rand(M, 2), torch.rand(M, 2)
    was_taken, taken = torch.rand(M) < 0.7, torch.rand(M) < 0.7
    there[taken.nonzero()[:1]] = torch.nan
    links = link_places(before, was_taken, there, taken, 0.4)
    expected = greedy_link(before[was_taken], there[taken], 0.4)
    places = was_taken.nonzero()[:, 0]
    assert links[taken].tolist() == [int(places[i]) if i >= 0 else -1 for i in expected.tolist()]
    assert (links[~taken] == -1).all()


@pytest.mark.parametrize("seed", range(5))
def test_places_are_drawn_as_centres(seed):
    torch.manual_seed(seed)
    centres, extents, taken = 2.6 * torch.rand(M, 2) - 1.3, 2 * torch.rand(M, 2), torch.rand(M) < 0.7
    extents[0] = 0
    drawn = draw_places(centres, extents, taken, (12, 17))
    torch.testing.assert_close(drawn, draw_centres(centres[taken], extents[taken], (12, 17)), atol=1e-6, rtol=0)
    assert taken.any() == (drawn.max() > 0)


def test_boxes_are_tight():
    masks = torch.rand(5, 2, 6, 9) < 0.06
    masks[0] = False
    for mask, box in zip(masks.flatten(0, 1).numpy(), boxes_around(masks).flatten(0, 1).tolist(), strict=True):
        y, x = np.nonzero(mask)
        assert box == ([x.min(), y.min(), x.max() + 1, y.max() + 1] if mask.any() else [0, 0, 0, 0])
