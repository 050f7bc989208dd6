"""The losses of Eq. 5, entry by entry."""

import copy
import itertools
import math

import numpy as np
import pytest
import torch
from mmdet.structures.mask import BitmapMasks
from slow_boxes import giou_slowly

from mmvis_ext.models.losses import Entries, LossWeights, class_targets, count_entries, tracklet_losses
from mmvis_ext.models.matching import Matches
from mmvis_ext.structures.tracklets import Tracklets

N, T, K, SIDE = 4, 3, 3, 4
H, W = 24, 32
SIZES = torch.tensor([[24.0, 32.0], [20.0, 28.0]])  # the second clip is padded
WEIGHTS = LossWeights(cls=1.1, l1=1.7, giou=0.6, dice=2.3, mask=0.9)
NONE = Matches(torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64))


def random_boxes(*shape: int) -> torch.Tensor:
    corner = torch.rand(*shape, 2) * torch.tensor([16.0, 12.0])
    return torch.cat([corner, corner + 3 + torch.rand(*shape, 2) * 8], -1)


def tracklets(visible: list[list[int]]) -> Tracklets:
    shown = torch.tensor(visible, dtype=torch.bool).reshape(len(visible), T)
    boxes = random_boxes(len(visible), T) * shown[..., None]
    masks = torch.zeros(len(visible), T, H, W, dtype=torch.uint8)
    for g, t in shown.nonzero().tolist():
        x1, y1, x2, y2 = boxes[g, t].round().int().tolist()
        masks[g, t, y1:y2, x1:x2] = 1
    return Tracklets(boxes, masks, shown, torch.randint(0, K, (len(visible),)), torch.arange(len(visible)))


def problem(matches: list[Matches], targets: list[Tracklets]) -> dict:
    b, pairs = len(matches), sum(len(m.queries) for m in matches)
    return dict(
        class_logits=torch.randn(b, N, T, K, requires_grad=True),
        boxes=random_boxes(b, N, T).requires_grad_(),
        mask_logits=torch.randn(pairs, T, SIDE, SIDE, requires_grad=True),
        proposals=random_boxes(b, N, T),
        matches=matches,
        targets=targets,
        sizes=SIZES[:b],
        entries=count_entries(matches, targets, T),
        weights=WEIGHTS,
    )


def two_clips() -> dict:
    """Clip 0: two of three ground truths matched; clip 1: one, out of order and absent in a frame."""
    targets = [tracklets([[1, 1, 1], [0, 1, 0], [1, 0, 1]]), tracklets([[0, 0, 1], [1, 1, 0]])]
    matches = [
        Matches(torch.tensor([3, 0]), torch.tensor([2, 1])),
        Matches(torch.tensor([2]), torch.tensor([1])),
    ]
    return problem(matches, targets)


def focal_slowly(logit: float, target: float) -> float:
    p = 1 / (1 + math.exp(-logit))
    return -0.25 * (1 - p) ** 2 * math.log(p) if target else -0.75 * p**2 * math.log(1 - p)


def pixel_targets(masks: torch.Tensor, box: torch.Tensor) -> list[float]:
    """mmdet's mask target of one mask and one box."""
    crop = BitmapMasks(masks.numpy()[None], H, W).crop_and_resize(
        box.detach().numpy()[None], (SIDE, SIDE), np.arange(1), "cpu"
    )
    return crop.masks[0].flatten().tolist()


def losses_slowly(x: dict) -> dict[str, float]:
    """Every term summed entry by entry, before normalisation: class, and what matched pairs add."""
    total = dict(cls=0.0, mask=0.0, bbox=0.0, giou=0.0, dice=0.0)
    row = 0
    for b, (match, truth) in enumerate(zip(x["matches"], x["targets"], strict=True)):
        owner = dict(zip(match.queries.tolist(), match.targets.tolist(), strict=True))
        for n, t, k in itertools.product(range(N), range(T), range(K)):
            g = owner.get(n)
            positive = g is not None and bool(truth.visible[g, t]) and int(truth.labels[g]) == k
            total["cls"] += focal_slowly(x["class_logits"][b, n, t, k].item(), positive)
        for n, g in owner.items():
            for t in range(T):
                logits = x["mask_logits"][row, t].flatten().tolist()
                if truth.visible[g, t]:
                    target = pixel_targets(truth.masks[g, t], x["proposals"][b, n, t])
                else:
                    target = [0.0] * SIDE**2
                p = [1 / (1 + math.exp(-v)) for v in logits]
                total["mask"] -= sum(math.log(v if y else 1 - v) for v, y in zip(p, target, strict=True)) / SIDE**2
                if not truth.visible[g, t]:
                    continue
                common = sum(v * y for v, y in zip(p, target, strict=True))
                total["dice"] += 1 - 2 * common / (sum(v * v for v in p) + 1e-3 + sum(target) + 1e-3)
                box, wanted = x["boxes"][b, n, t].tolist(), truth.boxes[g, t].tolist()
                h, w = x["sizes"][b].tolist()
                total["bbox"] += sum(abs(u - v) / s for u, v, s in zip(box, wanted, (w, h, w, h), strict=True))
                total["giou"] += 1 - giou_slowly(box, wanted)
            row += 1
    return total


def test_every_term_is_its_sum_over_entries():
    x = two_clips()
    total, found = losses_slowly(x), tracklet_losses(**x)
    visible, every = 3 + 2, 3 * T  # clip 0: tracks of 2 and 1 frames; clip 1: 2
    expected = dict(
        loss_cls=WEIGHTS.cls * total["cls"] / visible,
        loss_mask=WEIGHTS.mask * total["mask"] / every,
        loss_bbox=WEIGHTS.l1 * total["bbox"] / visible,
        loss_giou=WEIGHTS.giou * total["giou"] / visible,
        loss_dice=WEIGHTS.dice * total["dice"] / visible,
    )
    assert {k: v.item() for k, v in found.items()} == pytest.approx(expected, rel=1e-4)


def test_class_targets_are_one_hot_where_the_object_is_seen():
    truth = tracklets([[1, 0, 1], [0, 0, 0], [1, 1, 1]])
    matches = [NONE, Matches(torch.tensor([2, 0]), torch.tensor([0, 1]))]
    targets = class_targets(matches, [tracklets([[1, 1, 1]]), truth], N, K)
    for n, t, k in itertools.product(range(N), range(T), range(K)):
        assert targets[0, n, t, k] == 0
        assert targets[1, n, t, k] == (n == 2 and t in (0, 2) and k == truth.labels[0])


def gradients(x: dict) -> dict[str, torch.Tensor]:
    sum(tracklet_losses(**x).values()).backward()
    return {name: x[name].grad for name in ("class_logits", "boxes", "mask_logits")}


def test_only_matched_and_visible_boxes_get_a_gradient():
    found = gradients(two_clips())
    moved = (found["boxes"] != 0).any(-1)
    expected = torch.zeros(2, N, T, dtype=torch.bool)
    expected[0, 3, [0, 2]] = expected[0, 0, 1] = expected[1, 2, [0, 1]] = True
    assert torch.equal(moved, expected)
    assert (found["mask_logits"] != 0).flatten(2).any(-1).all(), "masks learn to be empty where absent"
    assert (found["class_logits"] != 0).all(), "unmatched queries learn to be background"


def test_where_the_object_is_absent_the_mask_is_pushed_down_everywhere():
    x = problem([Matches(torch.tensor([1]), torch.tensor([0]))], [tracklets([[0, 1, 0]])])
    grad = gradients(x)["mask_logits"][0]
    assert (grad[0] > 0).all()
    assert (grad[2] > 0).all()


@pytest.mark.parametrize("visible", [[], [[1, 0, 1], [1, 1, 1]]], ids=["no ground truth", "no match"])
def test_without_pairs_all_but_the_class_loss_are_zero_and_gradients_are_finite(visible):
    x = problem([NONE, NONE], [tracklets(visible), tracklets([])])
    losses = tracklet_losses(**x)
    assert {k for k, v in losses.items() if v.item() != 0} == {"loss_cls"}
    assert losses["loss_cls"].item() == pytest.approx(WEIGHTS.cls * losses_slowly(x)["cls"], rel=1e-4)
    sum(losses.values()).backward()
    assert torch.isfinite(x["class_logits"].grad).all()
    assert (x["boxes"].grad == 0).all(), "in the graph, for training on several processes"
    assert x["mask_logits"].grad is not None


def test_a_pair_that_is_seen_in_no_frame_has_finite_gradients():
    x = problem([Matches(torch.tensor([1]), torch.tensor([0]))], [tracklets([[0, 0, 0]])])
    losses = tracklet_losses(**x)
    assert {k for k, v in losses.items() if v.item() != 0} == {"loss_cls", "loss_mask"}
    assert all(torch.isfinite(g).all() for g in gradients(x).values())


def test_padding_of_the_batch_does_not_change_box_losses():
    x = two_clips()
    expected = tracklet_losses(**x)
    x["targets"] = [
        Tracklets(g.boxes, torch.nn.functional.pad(g.masks, (0, 16, 0, 8)), g.visible, g.labels, g.ids)
        for g in x["targets"]
    ]
    assert tracklet_losses(**x) == expected


def test_the_batch_is_the_sum_of_its_clips():
    x = two_clips()
    together = tracklet_losses(**x)
    rows = [slice(0, 2), slice(2, 3)]
    parts = [
        tracklet_losses(
            **x
            | {k: x[k][b : b + 1] for k in ("class_logits", "boxes", "proposals", "matches", "targets", "sizes")}
            | dict(mask_logits=x["mask_logits"][rows[b]])
        )
        for b in range(2)
    ]
    for name, value in together.items():
        torch.testing.assert_close(parts[0][name] + parts[1][name], value)


def test_targets_and_matches_are_not_changed():
    x = two_clips()
    before = copy.deepcopy((x["targets"], x["matches"]))
    gradients(x)
    for a, b in zip(x["targets"], before[0], strict=True):
        assert all(torch.equal(getattr(a, k), getattr(b, k)) for k in vars(a))
    assert all(torch.equal(a.queries, b.queries) for a, b in zip(x["matches"], before[1], strict=True))


def test_entries_are_counted_over_matched_pairs_and_at_least_one():
    x = two_clips()
    assert [v.item() for v in count_entries(x["matches"], x["targets"], T)] == [9, 5]
    assert [v.item() for v in count_entries([NONE], [tracklets([[1, 1, 1]])], T)] == [1, 1]


def test_entries_are_averaged_over_processes(monkeypatch):
    x = two_clips()
    monkeypatch.setitem(
        count_entries.__globals__, "reduce_mean", lambda counts: (counts + torch.tensor([3.0, 1.0])) / 2
    )
    assert [v.item() for v in count_entries(x["matches"], x["targets"], T)] == [6, 3]


def test_losses_scale_with_the_inverse_of_the_entries():
    x = two_clips()
    once = tracklet_losses(**x)
    twice = tracklet_losses(**x | dict(entries=Entries(x["entries"].all * 2, x["entries"].visible * 4)))
    for name, value in once.items():
        torch.testing.assert_close(twice[name] * (2 if name == "loss_mask" else 4), value)
