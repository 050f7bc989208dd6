"""Algorithm 1, lines 1 to 14: instances that were drawn by hand are found again, and nothing breaks it."""

import itertools

import pytest
import torch
from dense_oracle import grid_slowly, probability_slowly

from mmvis_ext.models import cluster_instances
from mmvis_ext.models.dense.probability import embed

H, W = 12, 16
EMPTY = torch.zeros(0, H, W, dtype=torch.bool)


def box(x1: int, y1: int, x2: int, y2: int, size: tuple[int, int] = (H, W)) -> torch.Tensor:
    mask = torch.zeros(size, dtype=torch.bool)
    mask[y1:y2, x1:x2] = True
    return mask


TOUCHING = torch.stack([box(1, 2, 6, 9), box(6, 2, 11, 9), box(1, 9, 11, 11)])
RING = torch.stack([box(2, 1, 14, 11) & ~box(5, 4, 9, 8), box(5, 4, 9, 8)])
TINY = torch.stack([box(0, 0, 1, 1), box(15, 11, 16, 12), box(4, 4, 10, 9), box(10, 6, 11, 7)])
WHOLE = torch.ones(1, H, W, dtype=torch.bool)
SHAPES = pytest.mark.parametrize(
    "masks", [TOUCHING, RING, TINY, WHOLE, EMPTY], ids=["touching", "nested", "tiny", "whole frame", "none"]
)


def perfect(masks: torch.Tensor, scores: list[float] | None = None, dimensions: int = 2):
    """Maps in which each pixel of an instance points to one place, with a bandwidth by which no other is near.

    The rest points nowhere in particular, without objectness.
    """
    n = len(masks)
    places = torch.tensor(grid_slowly(H, W)).permute(2, 0, 1)
    offsets, bandwidths, objectness = torch.zeros(dimensions, H, W), torch.full((2, H, W), 0.02), torch.zeros(H, W)
    for k, mask in enumerate(masks):
        centre = torch.stack([axis[mask].mean() for axis in places]) + 0.07 * torch.tensor([1.0, -1.0])
        for d in range(2):
            offsets[d][mask] = centre[d] - places[d][mask]
        objectness[mask] = 0.9 - 0.3 * k / max(n, 1) if scores is None else scores[k]
    return offsets, bandwidths, objectness


def cluster_slowly(offsets, bandwidths, objectness, extra=(), min_score=0.5, max_instances=100):
    """Algorithm 1 with sets of pixels: (pixels, score, centre) of each instance."""
    height, width = objectness.shape
    places = grid_slowly(height, width)
    free, found = set(itertools.product(range(height), range(width))), []
    for _ in range(max_instances):
        best = max(free, key=lambda p: float(objectness[p]), default=None)
        if best is None or float(objectness[best]) <= min_score:
            break
        at = [float(e) for e in offsets[:, best[0], best[1]]]
        centre = [at[0] + places[best[0]][best[1]][0], at[1] + places[best[0]][best[1]][1], *at[2:]]
        sigma = [*bandwidths[:, best[0], best[1]].tolist(), *extra]
        pixels = {p for p in free if probability_slowly(offsets, centre, sigma, *p) > 0.5}
        found.append((pixels, float(objectness[best]), centre))
        free -= pixels
    return found


def as_sets(masks: torch.Tensor) -> list[set]:
    return [{tuple(p) for p in mask.nonzero().tolist()} for mask in masks]


def assert_disjoint(masks: torch.Tensor) -> None:
    assert (masks.sum(0) <= 1).all()


@SHAPES
@pytest.mark.parametrize("min_free", [0.0, 0.5])
def test_perfect_predictions_give_the_exact_masks(masks, min_free):
    offsets, bandwidths, objectness = perfect(masks)
    found = cluster_instances(offsets, bandwidths, objectness, min_free=min_free)
    assert torch.equal(found.masks, masks)
    assert found.scores.tolist() == [objectness[mask][0].item() for mask in masks]
    for mask, centre, probability in zip(masks, found.centres, found.probabilities, strict=True):
        torch.testing.assert_close(embed(offsets)[:, mask].mean(1), centre, rtol=0, atol=1e-5)
        assert torch.equal(probability > 0.5, mask)


def test_no_instances_keep_their_shapes():
    found = cluster_instances(*perfect(EMPTY, dimensions=4), (0.5, 0.5))
    assert [tuple(part.shape) for part in found] == [(0, H, W), (0,), (0, 4), (0, H, W)]
    assert found.masks.dtype == torch.bool


@pytest.mark.parametrize("extra", [(), (0.5,), (0.4, 0.7)])
@pytest.mark.parametrize("seed", range(4))
def test_any_predictions_give_what_the_algorithm_says(extra, seed):
    torch.manual_seed(seed)
    offsets, bandwidths = 0.5 * torch.randn(2 + len(extra), 7, 9), 0.2 + 0.5 * torch.rand(2, 7, 9)
    objectness = torch.rand(7, 9)
    expected = cluster_slowly(offsets, bandwidths, objectness, extra)
    found = cluster_instances(offsets, bandwidths, objectness, extra)
    assert len(expected) > 2
    assert as_sets(found.masks) == [pixels for pixels, *_ in expected]
    assert found.scores.tolist() == [score for _, score, _ in expected]
    torch.testing.assert_close(found.centres, torch.tensor([centre for *_, centre in expected]))
    assert_disjoint(found.masks)


def test_probabilities_are_those_of_the_free_pixels():
    torch.manual_seed(1)
    offsets, bandwidths, objectness = 0.5 * torch.randn(2, 5, 6), 0.3 + 0.5 * torch.rand(2, 5, 6), torch.rand(5, 6)
    found, taken = cluster_instances(offsets, bandwidths, objectness), torch.zeros(5, 6, dtype=torch.bool)
    assert len(found.masks) > 1
    for mask, score, centre, probability in zip(*found, strict=True):
        at = (objectness == score).nonzero()[0].tolist()
        for j, i in itertools.product(range(5), range(6)):
            expected = probability_slowly(offsets, centre, bandwidths[:, at[0], at[1]], j, i)
            assert float(probability[j, i]) == pytest.approx(0 if taken[j, i] else expected, rel=1e-4, abs=1e-7)
        taken |= mask


def test_which_instance_has_which_score_changes_the_order_alone():
    scores = [0.9, 0.8, 0.7]
    for permuted in itertools.permutations(scores):
        found = cluster_instances(*perfect(TOUCHING, list(permuted)))
        assert found.scores.tolist() == pytest.approx(scores)
        where = [permuted.index(score) for score in scores]
        assert torch.equal(found.masks, TOUCHING[where])


def test_instances_at_one_place_are_told_apart_by_the_extra_dimensions():
    """Two halves that point to one centre in the plane."""
    masks = torch.stack([box(0, 0, 8, 12), box(8, 0, 16, 12)])
    offsets, bandwidths, objectness = perfect(masks, dimensions=4)
    offsets[:2] = -embed(torch.zeros(2, H, W))
    (both,) = cluster_instances(offsets, bandwidths, objectness, (0.5, 0.5)).masks
    assert both.all()
    offsets[2] = torch.where(masks[0], 0.0, 2.0)
    found = cluster_instances(offsets, bandwidths, objectness, (0.5, 0.5))
    assert torch.equal(found.masks, masks)
    assert found.centres[:, 2].tolist() == [0, 2]


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 9])
def test_no_more_than_the_best_instances_are_taken(limit):
    found = cluster_instances(*perfect(TOUCHING), max_instances=limit)
    assert torch.equal(found.masks, TOUCHING[:limit])


def test_the_score_must_be_exceeded():
    offsets, bandwidths, objectness = perfect(TOUCHING, [0.75, 0.5, 0.25])
    for threshold, number in ((0.1, 3), (0.25, 2), (0.5, 1), (0.75, 0)):
        found = cluster_instances(offsets, bandwidths, objectness, min_score=threshold)
        assert torch.equal(found.masks, TOUCHING[:number])


@pytest.mark.parametrize("pixels", [1, 2, 30, 31])
def test_small_instances_are_left_out(pixels):
    found = cluster_instances(*perfect(TINY), min_pixels=pixels)
    kept = [mask for mask in TINY if mask.sum() >= pixels]
    assert len(found.masks) == {1: 4, 2: 1, 30: 1, 31: 0}[pixels] == len(kept)
    assert as_sets(found.masks) == as_sets(kept)


def rim():
    """Nine pixels in a row that stay where they are: the best takes its neighbours alone, any other takes all."""
    offsets, objectness = torch.zeros(2, 1, 9), torch.full((1, 9), 0.6)
    bandwidths = torch.full((2, 1, 9), 100.0)
    objectness[0, 4], bandwidths[:, 0, 4] = 0.9, 2.5  # it reaches 1.18 times as far, and pixels are 2.25 apart
    return offsets, bandwidths, objectness


@pytest.mark.parametrize(("min_free", "number"), [(0.0, 2), (0.6, 2), (0.7, 1), (1.0, 1)])
def test_rims_of_others_are_left_out(min_free, number):
    """The first takes 3 of 9 pixels; the second has 6 free ones of the 9 that point to it."""
    offsets, bandwidths, objectness = rim()
    found = cluster_instances(offsets, bandwidths, objectness, min_free=min_free)
    assert [mask[0].nonzero().flatten().tolist() for mask in found.masks] == [[3, 4, 5], [0, 1, 2, 6, 7, 8]][:number]


def test_pixels_of_what_is_left_out_are_used_up():
    offsets, bandwidths, objectness = rim()
    bandwidths[:, 0, 0] = 1.0
    objectness[0, 0] = 0.8
    (first, second) = cluster_instances(offsets, bandwidths, objectness, min_pixels=2).masks
    assert first[0].nonzero().flatten().tolist() == [3, 4, 5]
    assert second[0].nonzero().flatten().tolist() == [1, 2, 6, 7, 8], "not the first pixel, which stood alone"


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf"), 3e38, 0.0, -1.0])
@pytest.mark.parametrize("where", ["offsets", "bandwidths", "objectness", "all"])
@pytest.mark.parametrize("share", [0.2, 1.0])
def test_no_number_hangs_or_breaks_it(bad, where, share):
    offsets, bandwidths, objectness = torch.randn(4, H, W), 0.1 + torch.rand(2, H, W), torch.rand(H, W)
    for name, maps in dict(offsets=offsets, bandwidths=bandwidths, objectness=objectness).items():
        if where in (name, "all"):
            maps[torch.rand_like(maps) < share] = bad
    found = cluster_instances(offsets, bandwidths, objectness, (0.5, 0.5), max_instances=1000)
    assert_disjoint(found.masks)
    assert found.masks.flatten(1).any(1).all()
    assert not found.scores.isnan().any()
    assert torch.isfinite(found.centres).all()


def test_a_pixel_that_points_nowhere_starts_nothing_and_hides_nothing():
    offsets, bandwidths, objectness = perfect(TOUCHING)
    objectness[0, 0], offsets[0, 0, 0] = 1.0, float("nan")
    objectness[0, 1], bandwidths[0, 0, 1] = 0.99, float("nan")
    objectness[0, 2] = float("nan")
    found = cluster_instances(offsets, bandwidths, objectness)
    assert torch.equal(found.masks, TOUCHING)


def test_inputs_stay_as_they_are():
    maps = perfect(TOUCHING)
    before = [m.clone() for m in maps]
    cluster_instances(*maps)
    assert all(torch.equal(a, b) for a, b in zip(maps, before, strict=True))


@pytest.mark.parametrize(("dimensions", "extra"), [(2, (0.5,)), (4, ()), (4, (0.5,)), (3, (0.5, 0.5))])
def test_extra_bandwidths_must_be_as_many_as_extra_dimensions(dimensions, extra):
    with pytest.raises(ValueError, match=f"{dimensions} dimensions need {dimensions - 2} extra_bandwidths"):
        cluster_instances(*perfect(TOUCHING, dimensions=dimensions), extra)


def test_pixels_of_nobody_neither_belong_nor_count():
    """Most of the frame points to the instance too, but is padding."""
    offsets, bandwidths, objectness = perfect(WHOLE)
    objectness[H // 4 :] = -1.0
    found = cluster_instances(offsets, bandwidths, objectness, min_free=0.5)
    assert torch.equal(found.masks, box(0, 0, W, H // 4)[None])
    assert not found.probabilities[:, H // 4 :].any()
