"""Greedy linking against a loop, and at its edges."""

import itertools
import math

import pytest
import torch

from mmvis_ext.models.association import greedy_link

NAN, INF = float("nan"), float("inf")


def link_slowly(previous: list[list[float]], predicted: list[list[float]], limit: float) -> list[int]:
    """Take the nearest pair of what is left, again and again."""
    left = set(itertools.product(range(len(previous)), range(len(predicted))))
    links = [-1] * len(predicted)
    while left:
        a, d = min(left, key=lambda pair: (math.dist(previous[pair[0]], predicted[pair[1]]), pair))
        if math.dist(previous[a], predicted[d]) > limit:
            break
        links[d] = a
        left = {(i, j) for i, j in left if i != a and j != d}
    return links


def link(previous, predicted, limit: float = 1.0) -> list[int]:
    found = greedy_link(torch.tensor(previous).reshape(-1, 2), torch.tensor(predicted).reshape(-1, 2), limit)
    assert found.dtype == torch.int64
    return found.tolist()


@pytest.mark.parametrize(("a", "d"), [(5, 5), (2, 7), (7, 2), (1, 1), (30, 40)])
@pytest.mark.parametrize("limit", [0.1, 0.5, 9.0])
def test_the_nearest_pair_comes_first(a, d, limit):
    for _ in range(3):
        previous, predicted = torch.rand(a, 2).tolist(), torch.rand(d, 2).tolist()
        found = link(previous, predicted, limit)
        assert found == link_slowly(previous, predicted, limit)
        linked = [before for before in found if before >= 0]
        assert len(set(linked)) == len(linked)
        if limit > 2:
            assert len(linked) == min(a, d)


def test_greedy_is_not_optimal():
    """The nearest pair is linked although both would have a partner otherwise."""
    assert link([[0.0, 0.0], [1.0, 0.0]], [[0.9, 0.0], [1.8, 0.0]], 0.95) == [1, -1]


def test_of_two_as_near_the_one_before_stands():
    assert link([[0.0, 0.0]], [[0.5, 0.0], [-0.5, 0.0]]) == [0, -1]
    assert link([[0.5, 0.0], [-0.5, 0.0]], [[0.0, 0.0]]) == [0]
    assert link([[0.0, 0.0]] * 3, [[0.0, 0.0]] * 2) == [0, 1]


def test_a_pair_at_the_limit_is_linked_and_one_beyond_is_not():
    assert link([[0.0, 0.0]], [[0.5, 0.0]], 0.5) == [0]
    assert link([[0.0, 0.0]], [[0.5001, 0.0]], 0.5) == [-1]
    assert link([[0.0, 0.0]], [[0.0, 0.0]], 0.0) == [0]
    assert link([[0.0, 0.0]], [[900.0, 0.0]], INF) == [0]


@pytest.mark.parametrize(("a", "d"), [(0, 0), (0, 3), (3, 0)])
def test_without_one_side_all_are_new(a, d):
    assert link([[0.0, 0.0]] * a, [[0.0, 0.0]] * d) == [-1] * d


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("limit", [0.5, INF])
def test_what_is_no_place_is_linked_to_nothing(bad, limit):
    places = [[0.0, 0.0], [bad, 0.0], [0.1, bad]]
    assert link(places, [[bad, bad], [0.1, 0.0]], limit) == [-1, 0]
    assert link([[0.0, 0.1], [bad, 0.1]], places, limit) == [0, -1, -1]


def test_inputs_stay_as_they_are():
    previous, predicted = torch.rand(3, 2), torch.rand(4, 2)
    before = previous.clone(), predicted.clone()
    greedy_link(previous, predicted, 1.0)
    assert torch.equal(previous, before[0])
    assert torch.equal(predicted, before[1])
