"""Box deduplication against its equation."""

import math

import pytest
import torch
from mmdet.structures.bbox import bbox_overlaps

from mmvis_ext.models import box_deduplication_loss


def boxes(n: int, spread: float = 8.0) -> torch.Tensor:
    xy = 20 + spread * torch.rand(n, 2)
    return torch.cat([xy, xy + 15 + 10 * torch.rand(n, 2)], dim=1)


def loss_of_one(pred, matched, gt, *options):
    """The loss of a single sample."""
    shown = torch.ones(1, len(gt), dtype=torch.bool)
    return box_deduplication_loss(pred[None], matched[None], gt[None], shown, *options)[0]


def dedup_slowly(pred, matched, gt, beta, k):
    free = [p for p, m in zip(pred.tolist(), matched.tolist(), strict=True) if not m]
    if not free or not len(gt):
        return 0.0
    terms = []
    for b in gt.tolist():
        ious = [float(bbox_overlaps(torch.tensor([b]), torch.tensor([p]))) for p in free]
        nearest = sorted(range(len(free)), key=lambda i: -ious[i])[:k]
        total = 0.0
        for i in nearest:
            p = free[i]
            dx = (p[0] + p[2] - b[0] - b[2]) / 2
            dy = (p[1] + p[3] - b[1] - b[3]) / 2
            diagonal = math.hypot(b[2] - b[0], b[3] - b[1])
            total += max(beta - (dx**2 + dy**2) / diagonal**2, 0.0)
        terms.append(total / len(nearest))
    return sum(terms) / len(terms)


@pytest.mark.parametrize(("beta", "k"), [(0.1, 5), (0.25, 2), (0.02, 1), (0.1, 50)])
@pytest.mark.parametrize("truths", [1, 3])
def test_the_equation(beta, k, truths):
    pred, gt = boxes(9), boxes(truths)
    matched = torch.arange(9) % 4 == 1
    expected = dedup_slowly(pred, matched, gt, beta, k)
    assert expected > 0
    assert float(loss_of_one(pred, matched, gt, beta, k)) == pytest.approx(expected, rel=1e-4)


def test_fewer_than_k_unmatched_are_averaged_over_their_number():
    gt = torch.tensor([[0.0, 0.0, 30.0, 40.0]])
    pred = torch.cat([gt + 3, gt, gt])
    matched = torch.tensor([False, True, True])
    expected = 0.1 - 18 / 2500
    assert float(loss_of_one(pred, matched, gt)) == pytest.approx(expected)


@pytest.mark.parametrize("case", ["no truth", "all matched", "no prediction"])
def test_nothing_to_push_is_zero_with_a_gradient(case):
    pred = boxes(0 if case == "no prediction" else 4).requires_grad_()
    matched = torch.full((len(pred),), case == "all matched")
    loss = loss_of_one(pred, matched, boxes(0 if case == "no truth" else 2))
    assert loss == 0
    loss.backward()
    assert not pred.grad.any()


def test_only_unmatched_boxes_are_pushed_and_away():
    gt = torch.tensor([[10.0, 10.0, 40.0, 50.0]])
    pred = (gt + torch.tensor([[1.0], [2.0], [3.0]])).requires_grad_()
    loss_of_one(pred, torch.tensor([True, False, False]), gt).backward()
    assert not pred.grad[0].any()
    assert (pred.grad[1:] < 0).all(), "descending moves them on to the lower right, away from the centre"


def test_beyond_beta_nothing_is_pushed():
    gt = torch.tensor([[0.0, 0.0, 30.0, 40.0]])
    just = math.sqrt(0.1) * 50
    for shift, pushed in ((just - 0.1, True), (just + 0.1, False)):
        pred = (gt + torch.tensor([shift, 0.0, shift, 0.0])).requires_grad_()
        loss = loss_of_one(pred, torch.tensor([False]), gt)
        loss.backward()
        assert bool(loss > 0) == bool(pred.grad.any()) == pushed


def test_each_sample_is_pushed_by_its_own_truths():
    pred, gt = torch.stack([boxes(6) for _ in range(3)]), torch.stack([boxes(4) for _ in range(3)])
    matched = torch.rand(3, 6) < 0.3
    matched[0] = torch.arange(6) > 1  # fewer than k are free
    shown = torch.tensor([[1, 1, 0, 1], [0, 0, 0, 0], [0, 0, 1, 1]]).bool()
    found = box_deduplication_loss(pred, matched, gt, shown, 0.1, 3)
    expected = [dedup_slowly(p, m, g[s], 0.1, 3) for p, m, g, s in zip(pred, matched, gt, shown, strict=True)]
    assert found.tolist() == pytest.approx(expected, rel=1e-4)
