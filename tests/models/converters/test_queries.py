"""Of many queries, those are taken whose proposals reach most of a frame."""

import itertools

import torch

from mmvis_ext.models.converters import spread_queries


def overlap(a: tuple, b: tuple) -> float:
    """IoU of two boxes in cxcywh."""
    inside = 1.0
    for axis in (0, 1):
        low = max(box[axis] - box[2 + axis] / 2 for box in (a, b))
        high = min(box[axis] + box[2 + axis] / 2 for box in (a, b))
        inside *= max(0.0, high - low)
    return inside / (a[2] * a[3] + b[2] * b[3] - inside)


def reach(proposals: list[tuple]) -> float:
    """How well the proposals reach boxes of five sizes along each axis around the points of a grid, on average."""
    centres, sides = [(i + 0.5) / 8 for i in range(8)], (0.125, 0.25, 0.5, 0.75, 1.0)
    places = itertools.product(centres, centres, sides, sides)
    best = [max((overlap(p, place) for p in proposals), default=0.0) for place in places]
    return sum(best) / len(best)


def test_each_next_query_adds_most():
    proposals = torch.rand(12, 4) * 0.6 + 0.2
    boxes = [tuple(row) for row in proposals.tolist()]
    chosen: list[int] = []
    for _ in range(5):
        left = [i for i in range(12) if i not in chosen]
        chosen.append(max(left, key=lambda i: reach([boxes[j] for j in [*chosen, i]])))
    assert spread_queries(proposals, 5).tolist() == sorted(chosen)


def test_copies_are_not_taken_while_there_are_others():
    corners = [(x, y, 0.4, 0.4) for x in (0.25, 0.75) for y in (0.25, 0.75)]
    proposals = torch.tensor([*[(0.5, 0.5, 1.0, 1.0)] * 20, *corners])
    assert spread_queries(proposals, 5).tolist() == [0, 20, 21, 22, 23]
    assert len(set(spread_queries(proposals[:20], 10).tolist())) == 10
