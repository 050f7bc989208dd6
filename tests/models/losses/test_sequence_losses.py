"""The losses of instance sequences, entry by entry."""

import copy
import itertools
import math

import pytest
import torch
from slow_boxes import giou_slowly

from mmvis_ext.models.losses import (
    SequenceLossWeights,
    count_entries,
    sequence_losses,
    sequence_mask_losses,
)  # fmt: skip
from mmvis_ext.models.matching import Matches
from mmvis_ext.structures.tracklets import Tracklets
from mmvis_ext.utils.errors import InputError

N, T, K, STRIDE = 4, 3, 3, 4
H, W = 24, 32
SIZES = torch.tensor([[24.0, 32.0], [20.0, 28.0]])  # the second clip is padded
WEIGHTS = SequenceLossWeights(cls=1.1, l1=1.7, giou=0.6, dice=2.3, mask=0.9, nothing=0.2)
NONE = Matches(torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64))


def random_boxes(*shape: int) -> torch.Tensor:
    corner = torch.rand(*shape, 2) * torch.tensor([16.0, 12.0])
    return torch.cat([corner, corner + 3 + torch.rand(*shape, 2) * 8], -1)


def tracklets(visible: list[list[int]]) -> Tracklets:
    shown = torch.tensor(visible, dtype=torch.bool).reshape(len(visible), T)
    masks = (torch.rand(len(visible), T, H, W) < 0.4).to(torch.uint8) * shown[..., None, None]
    boxes = random_boxes(len(visible), T) * shown[..., None]
    return Tracklets(boxes, masks, shown, torch.randint(0, K, (len(visible),)), torch.arange(len(visible)))


def two_clips() -> dict:
    """Clip 0: two of three ground truths matched; clip 1: one, out of order and absent in a frame."""
    targets = [tracklets([[1, 1, 1], [0, 1, 0], [1, 0, 1]]), tracklets([[0, 0, 1], [1, 1, 0]])]
    matches = [Matches(torch.tensor([3, 0]), torch.tensor([2, 1])), Matches(torch.tensor([2]), torch.tensor([1]))]
    return problem(matches, targets)


def problem(matches: list[Matches], targets: list[Tracklets]) -> dict:
    b, pairs = len(matches), sum(len(m.queries) for m in matches)
    return dict(
        class_logits=torch.randn(b, N, T, K + 1, requires_grad=True),
        boxes=random_boxes(b, N, T).requires_grad_(),
        mask_logits=torch.randn(pairs, T, H // STRIDE, W // STRIDE, requires_grad=True),
        matches=matches,
        targets=targets,
        entries=count_entries(matches, targets, T),
    )


def losses_of(x: dict) -> dict[str, torch.Tensor]:
    b = len(x["matches"])
    parts = x["matches"], x["targets"]
    return sequence_losses(
        x["class_logits"], x["boxes"], *parts, SIZES[:b], x["entries"], WEIGHTS
    ) | sequence_mask_losses(x["mask_logits"], STRIDE, *parts, x["entries"], WEIGHTS)


def masks_slowly(logits: torch.Tensor, mask: torch.Tensor) -> tuple[float, float]:
    """Dice and focal loss of one mask, which is compared in the middle of each cell."""
    common = both = focal = 0.0
    for y, x in itertools.product(range(H // STRIDE), range(W // STRIDE)):
        p = 1 / (1 + math.exp(-logits[y, x].item()))
        q = int(mask[y * STRIDE + STRIDE // 2, x * STRIDE + STRIDE // 2])
        common, both = common + p * q, both + p + q
        focal += -0.25 * (1 - p) ** 2 * math.log(p) if q else -0.75 * p**2 * math.log(1 - p)
    return 1 - (2 * common + 1) / (both + 1), focal / (H // STRIDE * (W // STRIDE))


def losses_slowly(x: dict) -> dict[str, float]:
    total, share, visible = dict(cls=0.0, bbox=0.0, giou=0.0, dice=0.0, mask=0.0), 0.0, 0
    rows = iter(range(100))
    for b, (match, truth) in enumerate(zip(x["matches"], x["targets"], strict=True)):
        owner = dict(zip(match.queries.tolist(), match.targets.tolist(), strict=True))
        row = {n: next(rows) for n in owner}
        for n, t in itertools.product(range(N), range(T)):
            shown = n in owner and bool(truth.visible[owner[n], t])
            label = int(truth.labels[owner[n]]) if shown else K
            weight = 1.0 if shown else WEIGHTS.nothing
            total["cls"] -= weight * math.log(x["class_logits"][b, n, t].detach().softmax(-1)[label])
            share += weight
            if not shown:
                continue
            visible += 1
            p, q = x["boxes"][b, n, t].tolist(), truth.boxes[owner[n], t].tolist()
            height, width = SIZES[b].tolist()
            for first, size in ((0, width), (1, height)):
                total["bbox"] += abs((p[first] + p[first + 2]) / 2 - (q[first] + q[first + 2]) / 2) / size
                total["bbox"] += abs((p[first + 2] - p[first]) - (q[first + 2] - q[first])) / size
            total["giou"] += 1 - giou_slowly(p, q)
            dice, focal = masks_slowly(x["mask_logits"][row[n], t], truth.masks[owner[n], t])
            total["dice"] += dice
            total["mask"] += focal
    weights = dict(bbox=WEIGHTS.l1, giou=WEIGHTS.giou, dice=WEIGHTS.dice, mask=WEIGHTS.mask)
    out = {f"loss_{name}": weight * total[name] / max(visible, 1) for name, weight in weights.items()}
    return out | dict(loss_cls=WEIGHTS.cls * total["cls"] / share)


@pytest.mark.parametrize("clips", [2, 1])
def test_every_term_entry_by_entry(clips):
    x = two_clips()
    if clips == 1:
        x = problem(x["matches"][:1], x["targets"][:1])
    found = losses_of(x)
    expected = losses_slowly(x)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].item() == pytest.approx(value, rel=1e-4), name


def test_where_nothing_is_matched_classes_alone_are_learned():
    x = problem([NONE], [tracklets([])])
    found = losses_of(x)
    assert found["loss_cls"].item() == pytest.approx(losses_slowly(x)["loss_cls"], rel=1e-5)
    assert {name for name, value in found.items() if value.item()} == {"loss_cls"}
    sum(found.values()).backward()
    assert x["class_logits"].grad.abs().sum() > 0
    assert not x["boxes"].grad.any()


def test_frames_without_the_object_move_neither_box_nor_mask():
    x = two_clips()
    sum(losses_of(x).values()).backward()
    assert x["boxes"].grad[0, 3].abs().sum(-1).bool().tolist() == [True, False, True]
    assert x["mask_logits"].grad[0].abs().sum((1, 2)).bool().tolist() == [True, False, True]


def test_objects_without_masks_are_refused():
    x = two_clips()
    for truth in x["targets"]:
        truth.masks = truth.masks[..., :0, :0]
    with pytest.raises(InputError, match=r"have boxes alone, but VisTR learns masks; take a data set with masks"):
        losses_of(x)


def test_the_order_of_the_targets_does_not_matter():
    x = two_clips()
    y = copy.copy(x)
    order = torch.tensor([2, 0, 1])
    y["targets"] = [x["targets"][0][order], x["targets"][1]]
    places = torch.tensor([order.tolist().index(g) for g in x["matches"][0].targets.tolist()])
    y["matches"] = [x["matches"][0]._replace(targets=places), x["matches"][1]]
    found, again = losses_of(x), losses_of(y)
    for name, value in found.items():
        torch.testing.assert_close(again[name], value)
