"""The cheapest assignment among all, and of costs that are no numbers."""

import itertools

import pytest
import torch

from mmvis_ext.models.matching import cheapest_pairs


@pytest.mark.parametrize(("n", "g"), [(4, 3), (3, 3), (2, 4), (0, 2), (3, 0)])
def test_no_assignment_is_cheaper(n, g):
    cost = torch.rand(n, g)
    rows, columns = cheapest_pairs(cost)
    assert len(rows) == len(columns) == min(n, g) == len(set(columns.tolist()))
    assert rows.tolist() == sorted(set(rows.tolist()))
    flat = cost if n <= g else cost.T
    best = min(
        sum(float(flat[i, j]) for i, j in enumerate(chosen))
        for chosen in itertools.permutations(range(max(n, g)), min(n, g))
    )
    assert float(cost[rows, columns].sum()) == pytest.approx(best, abs=1e-5)


def test_a_diverged_model_is_matched_all_the_same():
    rows, columns = cheapest_pairs(torch.tensor([[float("nan"), 1.0], [float("-inf"), float("inf")]]))
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])
