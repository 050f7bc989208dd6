"""Matching over whole tracklets: the cost pair by pair, and the best assignment among all."""

import itertools

import pytest
import torch
from slow_boxes import giou_slowly

from mmvis_ext.models.matching import TrackletAssigner, soft_mask_iou
from mmvis_ext.registry import TASK_UTILS
from mmvis_ext.structures.tracklets import Tracklets

N, G, T, K, SIDE = 4, 3, 3, 3, 5
SIZE = (40, 60)
WEIGHTS = dict(class_weight=1.3, l1_weight=3.1, giou_weight=0.7, mask_weight=2.3)


def random_boxes(*shape: int) -> torch.Tensor:
    corner = torch.rand(*shape, 2) * 30
    return torch.cat([corner, corner + 1 + torch.rand(*shape, 2) * 20], -1)


def problem(n: int = N, g: int = G) -> dict:
    visible = torch.rand(g, T) < 0.6
    boxes = random_boxes(g, T) * visible[..., None]
    masks = (torch.rand(g, T, SIDE, SIDE) < 0.5).float() * visible[..., None, None]
    return dict(
        scores=torch.rand(n, T, K), boxes=random_boxes(n, T), masks=torch.rand(n, T, SIDE, SIDE),
        gt_labels=torch.randint(0, K, (g,)), gt_boxes=boxes, gt_masks=masks, visible=visible, size=SIZE,
    )  # fmt: skip


def iou_slowly(p, g) -> float:
    common = sum(x * y for x, y in zip(p, g, strict=True))
    union = sum(p) + sum(g) - common
    return common / union if union else 0.0


def cost_slowly(n: int, g: int, x: dict) -> float:
    """The cost of one pair, frame by frame."""
    cost = 0.0
    for t in range(T):
        if not x["visible"][g, t]:
            cost -= WEIGHTS["class_weight"] * (1 - max(x["scores"][n, t].tolist()))
            continue
        cost -= WEIGHTS["class_weight"] * float(x["scores"][n, t, x["gt_labels"][g]])
        a, b = x["boxes"][n, t].tolist(), x["gt_boxes"][g, t].tolist()
        cost += WEIGHTS["l1_weight"] * sum(
            abs(u - v) / s for u, v, s in zip(a, b, (SIZE[1], SIZE[0]) * 2, strict=True)
        )  # fmt: skip
        cost -= WEIGHTS["giou_weight"] * giou_slowly(a, b)
        cost -= WEIGHTS["mask_weight"] * iou_slowly(
            x["masks"][n, t].flatten().tolist(), x["gt_masks"][g, t].flatten().tolist()
        )
    return cost


def pairs(result) -> set[tuple[int, int]]:
    return set(zip(*(r.tolist() for r in result), strict=True))


@pytest.mark.parametrize("scale", [1.0, 0.001])
def test_mask_iou_of_probabilities(scale):
    masks, targets = torch.rand(N, T, SIDE, SIDE) * scale, (torch.rand(G, T, SIDE, SIDE) < 0.4) * scale
    targets[0, 1] = 0
    found = soft_mask_iou(masks, targets)
    assert found.shape == (T, N, G)
    for t, n, g in itertools.product(range(T), range(N), range(G)):
        expected = iou_slowly(masks[n, t].flatten().tolist(), targets[g, t].flatten().tolist())
        assert found[t, n, g].item() == pytest.approx(expected, abs=1e-5)


def test_mask_iou_of_equal_and_of_empty_masks():
    masks = torch.zeros(2, 1, SIDE, SIDE)
    masks[0, 0, :2] = 1
    assert soft_mask_iou(masks, masks).tolist() == [[[1, 0], [0, 0]]]


def test_cost_of_every_pair():
    x = problem()
    assert 0 < x["visible"].sum() < x["visible"].numel()
    cost = TrackletAssigner(**WEIGHTS).cost(**x)
    expected = [[cost_slowly(n, g, x) for g in range(G)] for n in range(N)]
    torch.testing.assert_close(cost, torch.tensor(expected), rtol=1e-4, atol=1e-4)


def test_frames_without_the_object_count_in_the_class_cost_only():
    x = problem()
    x["visible"][1, 2] = False
    cost = TrackletAssigner(**WEIGHTS).cost(**x)
    x["gt_boxes"][1, 2] = torch.tensor([1.0, 2.0, 30.0, 40.0])
    x["gt_masks"][1, 2] = 1
    assert torch.equal(TrackletAssigner(**WEIGHTS).cost(**x), cost)
    x["scores"][:, 2] *= 0.5
    assert (TrackletAssigner(**WEIGHTS).cost(**x)[:, 1] < cost[:, 1]).all(), "closer to background is cheaper"


@pytest.mark.parametrize(("n", "g"), [(4, 3), (4, 4), (3, 4), (2, 4), (1, 1)])
@pytest.mark.parametrize("seed", range(4))
def test_the_assignment_is_the_cheapest_of_all(n, g, seed):
    torch.manual_seed(seed)
    x = problem(n, g)
    cost = [[cost_slowly(i, j, x) for j in range(g)] for i in range(n)]
    if n >= g:
        options = [[(i, j) for j, i in enumerate(p)] for p in itertools.permutations(range(n), g)]
    else:
        options = [list(enumerate(p)) for p in itertools.permutations(range(g), n)]
    best = min(options, key=lambda option: sum(cost[i][j] for i, j in option))
    queries, targets = TrackletAssigner(**WEIGHTS).assign(**x)
    assert pairs((queries, targets)) == set(best)
    assert queries.dtype == targets.dtype == torch.int64
    assert queries.tolist() == sorted(queries.tolist())


def test_without_ground_truth_nothing_is_matched():
    queries, targets = TrackletAssigner().assign(**problem(g=0))
    assert queries.shape == targets.shape == (0,)
    assert queries.dtype == torch.int64


def test_the_order_of_ground_truths_does_not_matter():
    x, order = problem(), torch.tensor([2, 0, 1])
    shuffled = x | {k: x[k][order] for k in ("gt_labels", "gt_boxes", "gt_masks", "visible")}
    expected = pairs(TrackletAssigner().assign(**x))
    assert {(n, order[g].item()) for n, g in pairs(TrackletAssigner().assign(**shuffled))} == expected


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_query_that_diverged_does_not_stop_the_matching_of_others(bad):
    x = problem()
    for name in ("scores", "boxes", "masks"):
        x[name][1] = bad
    queries, targets = TrackletAssigner().assign(**x)
    assert len(queries) == G
    assert sorted(targets.tolist()) == list(range(G))
    if bad != bad:
        assert 1 not in queries.tolist()


def test_matching_passes_no_gradient_and_changes_nothing():
    x = problem()
    before = {k: v.clone() for k, v in x.items() if k != "size"}
    for name in ("scores", "boxes", "masks"):
        x[name].requires_grad_()
    TrackletAssigner().assign(**x)
    assert all(torch.equal(x[k], v) for k, v in before.items())


def test_it_is_built_by_name_and_takes_tracklets():
    x = problem()
    targets = Tracklets(x["gt_boxes"], torch.zeros(G, T, *SIZE), x["visible"], x["gt_labels"], torch.arange(G))
    assigner = TASK_UTILS.build(dict(type="TrackletAssigner"))
    found = assigner(x["scores"], x["boxes"], x["masks"], targets, x["gt_masks"], SIZE)
    assert pairs(found) == pairs(assigner.assign(**x))
