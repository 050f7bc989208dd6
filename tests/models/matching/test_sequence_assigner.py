"""Matching of instance sequences: the cost pair by pair and frame by frame, and the best assignment among all."""

import itertools

import pytest
import torch
from slow_boxes import giou_slowly

from mmvis_ext.models.matching import SequenceAssigner
from mmvis_ext.registry import TASK_UTILS
from mmvis_ext.structures.tracklets import Tracklets

N, G, T, K = 4, 3, 3, 3
SIZE = (40, 60)
WEIGHTS = dict(class_weight=1.3, l1_weight=3.1, giou_weight=0.7)


def random_boxes(*shape: int) -> torch.Tensor:
    corner = torch.rand(*shape, 2) * 30
    return torch.cat([corner, corner + 1 + torch.rand(*shape, 2) * 20], -1)


def truth(g: int = G) -> Tracklets:
    visible = torch.rand(g, T) < 0.6
    boxes = random_boxes(g, T) * visible[..., None]
    labels = torch.randint(0, K, (g,))
    return Tracklets(boxes, torch.zeros(g, T, 1, 1, dtype=torch.uint8), visible, labels, torch.arange(g))


def centred(box) -> list[float]:
    """Centre and size as shares of the frame."""
    x1, y1, x2, y2 = box
    return [(x1 + x2) / 2 / SIZE[1], (y1 + y2) / 2 / SIZE[0], (x2 - x1) / SIZE[1], (y2 - y1) / SIZE[0]]


def cost_slowly(scores, boxes, targets: Tracklets, n: int, g: int) -> float:
    """The cost of one pair."""
    cost = 0.0
    for t in range(T):
        if not targets.visible[g, t]:
            cost -= WEIGHTS["class_weight"] * float(scores[n, t, K])
            continue
        cost -= WEIGHTS["class_weight"] * float(scores[n, t, targets.labels[g]])
        a, b = boxes[n, t].tolist(), targets.boxes[g, t].tolist()
        cost += WEIGHTS["l1_weight"] * sum(abs(u - v) for u, v in zip(centred(a), centred(b), strict=True))
        cost -= WEIGHTS["giou_weight"] * giou_slowly(a, b)
    return cost / T


def test_the_cost_pair_by_pair():
    logits, boxes, targets = torch.randn(N, T, K + 1), random_boxes(N, T), truth()
    assert 0 < targets.visible.sum() < G * T
    scores = logits.softmax(-1)
    found = SequenceAssigner(**WEIGHTS).cost(scores, boxes, targets, SIZE)
    assert found.shape == (N, G)
    for n, g in itertools.product(range(N), range(G)):
        assert found[n, g].item() == pytest.approx(cost_slowly(scores, boxes, targets, n, g), abs=1e-5)


@pytest.mark.parametrize("g", [0, 2, 3, 4])
def test_the_assignment_is_the_cheapest(g):
    logits, boxes, targets = torch.randn(N, T, K + 1), random_boxes(N, T), truth(g)
    matches = SequenceAssigner(**WEIGHTS)(logits, boxes, targets, SIZE)
    assert len(matches.queries) == g
    cost = [[cost_slowly(logits.softmax(-1), boxes, targets, n, i) for i in range(g)] for n in range(N)]
    found = sum(cost[n][i] for n, i in zip(*(m.tolist() for m in matches), strict=True))
    best = min(sum(cost[n][i] for i, n in enumerate(chosen)) for chosen in itertools.permutations(range(N), g))
    assert found == pytest.approx(best, abs=1e-4)


def test_an_object_goes_to_the_sequence_that_shows_it_and_its_absence():
    """Two sequences have the same box and class; only one of them knows in which frame the object is absent."""
    box = torch.tensor([10.0, 10, 30, 30]).expand(2, T, 4)
    logits = torch.zeros(2, T, K + 1)
    logits[:, :, 1] = 4
    logits[1, 2] = torch.tensor([0.0, 0, 0, 4])
    visible = torch.tensor([[True, True, False]])
    masks = torch.zeros(1, T, 1, 1, dtype=torch.uint8)
    targets = Tracklets(box[:1] * visible[..., None], masks, visible, torch.tensor([1]), torch.tensor([7]))
    matches = SequenceAssigner()(logits, box, targets, SIZE)
    assert (matches.queries.tolist(), matches.targets.tolist()) == ([1], [0])


def test_it_is_built_from_a_config():
    assert TASK_UTILS.build(dict(type="SequenceAssigner", l1_weight=4.0)).l1_weight == 4.0
