"""SRNet's losses, pixel by pixel."""

import itertools
import math

import pytest
import torch
from dense_oracle import lovasz_slowly

from mmvis_ext.models import spatial_grid
from mmvis_ext.models.dense import DenseOutput, DenseTargets
from mmvis_ext.models.dense.targets import join
from mmvis_ext.models.losses import DenseLossWeights, dense_losses

H, W, K, EXTRA = 6, 8, 3, (0.4, 0.7)
PIXELS = list(itertools.product(range(H), range(W)))
ONES = DenseLossWeights()
NAMES = ("loss_iou", "loss_smooth", "loss_track", "loss_score", "loss_category")


def output(b: int = 2, num_classes: int | None = K, extra=EXTRA) -> DenseOutput:
    maps = DenseOutput(
        0.3 * torch.randn(b, 2 + len(extra), H, W),
        0.2 + torch.rand(b, 2, H, W),
        torch.randn(b, 2, H, W),
        torch.rand(b, H, W),
        None if num_classes is None else torch.randn(b, num_classes, H, W),
    )
    return DenseOutput(*(m if m is None else m.requires_grad_() for m in maps))


def targets(*boxes: tuple[int, int, int, int], was_there=None, unknown=(), weight=1.0) -> DenseTargets:
    masks = torch.zeros(len(boxes), H, W, dtype=torch.bool)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
        mask[y1:y2, x1:x2] = True
    there = [True] * len(boxes) if was_there is None else was_there
    known = torch.ones(H, W, dtype=torch.bool)
    for p in unknown:
        known[p] = False
    labels, before = torch.randint(K, (len(boxes),)), torch.randn(len(boxes), 2)
    frame, there = torch.zeros(len(boxes), dtype=torch.int64), torch.tensor(there, dtype=torch.bool)
    return DenseTargets(frame, masks, labels, before, there, known[None], torch.tensor([weight]))


def two_frames() -> list[DenseTargets]:
    """Three instances, one of them a pixel and one that was not there before; and one."""
    return [targets((0, 0, 4, 3), (4, 1, 8, 6), (1, 4, 2, 5), was_there=[True, False, True]), targets((2, 2, 7, 4))]


def number(value: int) -> torch.Tensor:
    return torch.tensor(float(value))


def compute(maps, truths, count=1, linked=1, weights=ONES, **options) -> dict[str, torch.Tensor]:
    extra = EXTRA[: maps.offsets.shape[1] - 2]
    return dense_losses([maps], [join(truths)], extra, number(count), number(linked), weights, **options)


def dice_slowly(probability: dict[tuple[int, int], float], inside: set[tuple[int, int]]) -> float:
    common = sum(probability[p] for p in inside)
    return 1 - 2 * common / (sum(v * v for v in probability.values()) + 1e-3 + len(inside) + 1e-3)


def losses_slowly(maps: DenseOutput, truths: list[DenseTargets], iou: str, centre: str) -> dict[str, float]:
    """Sums over instances (iou, smooth, track) and means over pixels (score, category), of weighted frames."""
    all_frames = dict(iou=0.0, smooth=0.0, track=0.0, score=0.0, category=0.0)
    grid, foreground, frames = spatial_grid(H, W).tolist(), 0.0, 0.0
    for b, truth in enumerate(truths):
        total = dict.fromkeys(all_frames, 0.0)
        known = [p for p in PIXELS if truth.known[0][p]]
        one = DenseOutput(*(m.detach() for m in maps.frame(b)))
        dimensions = len(one.offsets)
        place = {
            p: [float(one.offsets[d][p]) + (grid[d][p[0]][p[1]] if d < 2 else 0) for d in range(dimensions)]
            for p in PIXELS
        }
        wanted = dict.fromkeys(PIXELS, 0.0)
        for n, mask in enumerate(truth.masks):
            inside = [p for p in PIXELS if mask[p]]
            c = [sum(place[p][d] for p in inside) / len(inside) for d in range(dimensions)]
            sigma = [sum(float(one.bandwidths[d][p]) for p in inside) / len(inside) for d in range(2)]
            widths = [*sigma, *EXTRA[: dimensions - 2]]
            probability = {
                p: math.exp(-sum((place[p][d] - c[d]) ** 2 / (2 * widths[d] ** 2) for d in range(dimensions)))
                for p in PIXELS
            }
            if iou == "lovasz":
                labels = tuple(int(mask[p]) for p in known)
                total["iou"] += lovasz_slowly([2 * probability[p] - 1 for p in known], labels)
            else:
                total["iou"] += dice_slowly({p: probability[p] for p in known}, set(inside))
            for p in inside:
                away = [float(one.bandwidths[d][p]) - sigma[d] for d in range(2)]
                total["smooth"] += math.hypot(*away) / len(inside)
                wanted[p] = probability[p]
                foreground += float(truth.weight)
                total["category"] -= float(one.class_logits[:, p[0], p[1]].log_softmax(0)[truth.labels[n]])
            mass = [sum(grid[d][p[0]][p[1]] for p in inside) / len(inside) for d in range(2)]
            at = mass if centre == "mass" else c[:2]
            column = min(range(W), key=lambda i: (round(abs(grid[0][0][i] - at[0]), 4), -i))  # the larger of two
            row = min(range(H), key=lambda j: (round(abs(grid[1][j][0] - at[1]), 4), -j))
            if truth.was_there[n]:
                vector = one.tracking[:, row, column].tolist()
                total["track"] += math.dist([at[d] + vector[d] for d in range(2)], truth.before[n].tolist())
        total["score"] += sum((float(one.objectness[p]) - wanted[p]) ** 2 for p in known) / max(len(known), 1)
        all_frames = {name: value + float(truth.weight) * total[name] for name, value in all_frames.items()}
        frames += float(truth.weight)
    all_frames["score"] /= frames
    all_frames["category"] /= foreground or 1
    return all_frames


@pytest.mark.parametrize("iou", ["lovasz", "dice"])
@pytest.mark.parametrize("centre", ["mass", "predicted"])
@pytest.mark.parametrize("extra", [EXTRA, ()], ids=["extra dimensions", "none"])
def test_every_term_is_its_sum_over_pixels(iou, centre, extra):
    maps, truths = output(extra=extra), two_frames()
    total = losses_slowly(maps, truths, iou, centre)
    weights = DenseLossWeights(iou=1.1, smooth=0.7, track=2.0, score=3.0, category=0.5)
    found = compute(maps, truths, count=4, linked=3, weights=weights, iou=iou, centre=centre)
    expected = dict(
        loss_iou=1.1 * total["iou"] / 4,
        loss_smooth=0.7 * total["smooth"] / 4,
        loss_track=2.0 * total["track"] / 3,
        loss_score=3.0 * total["score"],
        loss_category=0.5 * total["category"],
    )
    assert min(total.values()) > 0
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].item() == pytest.approx(value, rel=1e-4), name


@pytest.mark.parametrize("iou", ["lovasz", "dice"])
def test_frames_have_weights_and_unknown_pixels_do_not_count(iou):
    truths = [
        targets((0, 0, 4, 3), (4, 1, 7, 5), unknown=[(5, 0), (5, 7), (3, 1)], weight=0.25),
        targets((2, 2, 7, 4), unknown=[p for p in PIXELS if p[0] > 3]),
        targets(unknown=PIXELS),
    ]
    maps = output(b=3)
    found, expected = compute(maps, truths, iou=iou), losses_slowly(maps, truths, iou, "mass")
    for name, value in expected.items():
        assert found[f"loss_{name}"].item() == pytest.approx(value, rel=1e-4), name
    sum(found.values()).backward()
    assert not maps.objectness.grad[0, 5, 0]
    assert not maps.objectness.grad[2].any()
    assert maps.objectness.grad[0].any()


def test_where_the_vector_is_read_matters():
    maps, truths = output(), two_frames()
    assert compute(maps, truths)["loss_track"] != compute(maps, truths, centre="predicted")["loss_track"]


@pytest.mark.parametrize("iou", ["lovasz", "dice"])
def test_perfect_predictions_cost_nothing(iou):
    truth = targets((0, 0, 4, 3), (4, 3, 8, 6))
    maps, grid = [m.detach() for m in output(1)], spatial_grid(H, W)
    for mask in truth.masks:
        maps[0][0, :2, mask] = grid[:, mask].mean(1, keepdim=True) - grid[:, mask]
        maps[0][0, 2:, mask] = 0
    maps[0][0, :, ~truth.masks.any(0)] = 50
    maps[1].fill_(0.2)
    now = torch.stack([grid[:, mask].mean(1) for mask in truth.masks])
    maps[2].copy_(torch.tensor([0.3, -0.2])[:, None, None].expand(2, H, W))
    maps[3].copy_(truth.masks.any(0))
    maps[4].fill_(-30)
    for mask, label in zip(truth.masks, truth.labels, strict=True):
        maps[4][0, label][mask] = 30
    found = compute(DenseOutput(*maps), [truth._replace(before=now + torch.tensor([0.3, -0.2]))], 2, 2, iou=iou)
    for name, value in found.items():
        assert float(value) == pytest.approx(0, abs=1e-3), name


def test_frames_without_instances_teach_the_score_alone():
    maps = output()
    found = compute(maps, [targets(), targets()])
    assert found["loss_score"].item() == pytest.approx((maps.objectness**2).mean().item())
    assert all(found[name] == 0 for name in NAMES if name != "loss_score")
    sum(found.values()).backward()
    assert (maps.objectness.grad != 0).all()
    assert all(torch.equal(m.grad, torch.zeros_like(m)) for m in maps if m is not maps.objectness), (
        "a process without instances has as many gradients as the others"
    )


def test_a_frame_without_instances_beside_one_with_them():
    maps, truth = output(), two_frames()[0]
    found = compute(maps, [targets(), truth], 3, 2)
    alone = compute(DenseOutput(*(m[1:] for m in maps)), [truth], 3, 2)
    for name in ("loss_iou", "loss_smooth", "loss_track", "loss_category"):
        torch.testing.assert_close(found[name], alone[name])


@pytest.mark.parametrize("iou", ["lovasz", "dice"])
@pytest.mark.parametrize("centre", ["mass", "predicted"])
def test_gradients_are_finite(iou, centre):
    maps, frames = output(), two_frames()
    frames[1] = targets((0, 0, W, H), (3, 3, 4, 4))  # the whole frame, and a pixel in it
    sum(compute(maps, frames, iou=iou, centre=centre).values()).backward()
    for m in maps:
        assert torch.isfinite(m.grad).all()
        assert m.grad.any()


def test_a_vector_that_is_right_and_bandwidths_that_agree_have_finite_gradients():
    truth = targets((0, 0, 4, 4))
    maps = DenseOutput(*(torch.zeros_like(m).requires_grad_() for m in output(1)))
    even = maps._replace(bandwidths=torch.ones(1, 2, H, W, requires_grad=True))
    now = spatial_grid(H, W)[:, truth.masks[0]].mean(1)
    found = compute(even, [truth._replace(before=now[None])])
    assert found["loss_track"].item() == pytest.approx(0, abs=1e-6)
    assert found["loss_smooth"] == 0
    sum(found.values()).backward()
    assert all(torch.isfinite(m.grad).all() for m in even)


@pytest.mark.parametrize("before", [0.0, 7.0, float("nan"), float("inf")])
def test_an_instance_that_was_not_there_has_no_track_loss(before):
    maps, truth = output(1), targets((0, 0, 4, 3), (4, 3, 8, 6), was_there=[False, False])
    found = compute(maps, [truth._replace(before=torch.full((2, 2), before))], 2)
    assert found["loss_track"] == 0
    assert found["loss_iou"] > 0
    found["loss_track"].backward()
    assert torch.equal(maps.tracking.grad, torch.zeros_like(maps.tracking))


def test_the_score_does_not_teach_where_pixels_point():
    maps = output()
    compute(maps, two_frames())["loss_score"].backward()
    assert maps.objectness.grad.any()
    assert all(m.grad is None or not m.grad.any() for m in maps if m is not maps.objectness)


def test_the_predicted_centre_is_not_moved_by_the_track_loss():
    maps = output()
    compute(maps, two_frames(), centre="predicted")["loss_track"].backward()
    assert maps.tracking.grad.any()
    assert maps.offsets.grad is None or not maps.offsets.grad.any()


def test_a_batch_is_the_sum_of_its_frames_and_their_mean_score():
    maps, truths = output(), two_frames()
    together = compute(maps, truths, 5, 2)
    alone = [compute(DenseOutput(*(m[b : b + 1] for m in maps)), truths[b : b + 1], 5, 2) for b in range(2)]
    for name in ("loss_iou", "loss_smooth", "loss_track"):
        torch.testing.assert_close(together[name], sum(a[name] for a in alone))
    torch.testing.assert_close(together["loss_score"], sum(a["loss_score"] for a in alone) / 2)
    pixels = [int(t.masks.sum()) for t in truths]
    weighted = sum(n * a["loss_category"] for n, a in zip(pixels, alone, strict=True)) / sum(pixels)
    torch.testing.assert_close(together["loss_category"], weighted)


def test_without_categories_there_is_no_term_for_them():
    maps, truths = output(), two_frames()
    found = compute(maps._replace(class_logits=None), truths)
    expected = compute(maps, truths)
    assert found == {name: value for name, value in expected.items() if name != "loss_category"}


def test_inputs_stay_as_they_are():
    maps, truths = output(), two_frames()
    before = [m.detach().clone() for m in maps], [[part.clone() for part in t] for t in truths]
    sum(compute(maps, truths, centre="predicted").values()).backward()
    assert all(torch.equal(a, b) for a, b in zip(maps, before[0], strict=True))
    for truth, same in zip(truths, before[1], strict=True):
        assert all(torch.equal(a, b) for a, b in zip(truth, same, strict=True))
