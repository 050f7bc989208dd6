"""Who keeps which slot over the frames of a sample."""

import itertools
import math

import pytest
import torch
from mmdet.structures.bbox import bbox_overlaps

from mmvis_ext.models import InstanceCost, TemporalMatcher

N, K, SIZE = 5, 3, (60.0, 80.0)


def places(*columns: int) -> torch.Tensor:
    """Boxes in columns of the frame, far from each other."""
    return torch.tensor([[14.0 * c, 10, 14.0 * c + 10, 50] for c in columns]).view(-1, 4)


class Video:
    """A matcher and N slots that predict one column each, all with the same score."""

    def __init__(self, consistent: bool = True, slots: tuple[int, ...] = (0, 1, 2, 3, 4)) -> None:
        self.matcher = TemporalMatcher(InstanceCost(), len(slots), consistent)
        self.boxes = places(*slots)

    def frame(self, shown: dict[int, int], **kwargs) -> dict[int, int]:
        """Objects (id -> column) of the next frame; gives the slot of each matched one."""
        ids = torch.tensor(list(shown), dtype=torch.int64)
        labels = torch.zeros(len(ids), dtype=torch.int64)
        logits = torch.zeros(len(self.boxes), K)
        slots, index = self.matcher.match(logits, self.boxes, labels, places(*shown.values()), ids, SIZE, **kwargs)
        return {int(ids[g]): int(s) for s, g in zip(slots, index, strict=True)}


def test_first_frame_is_the_cheapest_assignment():
    torch.manual_seed(3)
    cost = InstanceCost()
    xy = torch.rand(N + 3, 2) * torch.tensor([50.0, 30.0])
    every = torch.cat([xy, xy + 5 + 20 * torch.rand(N + 3, 2)], 1)
    boxes, truth, logits, labels = every[:N], every[N:], torch.randn(N, K), torch.tensor([2, 0, 1])
    slots, index = TemporalMatcher(cost, N).match(logits, boxes, labels, truth, torch.arange(3), SIZE)
    table = cost(logits, boxes, labels, truth, SIZE)
    best = min(itertools.permutations(range(N), 3), key=lambda p: sum(float(table[s, g]) for g, s in enumerate(p)))
    assert dict(zip(index.tolist(), slots.tolist(), strict=True)) == dict(enumerate(best))


def test_cost_is_focal_l1_and_giou():
    logits, boxes = torch.randn(2, K), torch.tensor([[1.0, 2, 30, 40], [5.0, 5, 20, 60]])
    labels, truth = torch.tensor([1]), torch.tensor([[0.0, 4, 33, 38]])
    table = InstanceCost(2.0, 5.0, 2.0)(logits, boxes, labels, truth, SIZE)
    for n in range(2):
        p = 1 / (1 + math.exp(-float(logits[n, 1])))
        focal = -0.25 * (1 - p) ** 2 * math.log(p) + 0.75 * p**2 * math.log(1 - p)
        scale = (SIZE[1], SIZE[0]) * 2
        l1 = sum(abs(float(a) - float(b)) / s for a, b, s in zip(boxes[n], truth[0], scale, strict=True))
        giou = float(bbox_overlaps(boxes[n : n + 1], truth, mode="giou"))
        assert float(table[n, 0]) == pytest.approx(2 * focal + 5 * l1 - 2 * giou, rel=1e-4)


def test_an_object_keeps_its_slot_wherever_it_goes():
    video = Video()
    assert video.frame({7: 1, 0: 3}) == {7: 1, 0: 3}
    assert video.frame({7: 4, 0: 0}) == {7: 1, 0: 3}
    assert video.frame({0: 1}) == {0: 3}
    assert video.frame({7: 3}) == {7: 1}, "it comes back to the slot that was reserved for it"


def test_a_newcomer_never_takes_a_slot_that_belongs_to_somebody():
    video = Video()
    video.frame({7: 1, 0: 3})
    assert video.frame({9: 1})[9] not in (1, 3), "not that of an absent one"
    found = video.frame({7: 0, 0: 2, 9: 4, 5: 3})
    assert found[7] == 1
    assert found[0] == 3
    assert len(set(found.values())) == 4


def test_more_objects_than_slots():
    video = Video(slots=(0, 1))
    first = video.frame({4: 0, 5: 1, 6: 2})
    assert len(first) == 2
    (left,) = {4, 5, 6} - first.keys()
    assert video.frame({left: 0}) == {}, "no slot is free, though its owner is absent"
    assert video.frame({4: 1, 5: 0, 6: 0}) == first


def test_without_consistency_every_frame_is_on_its_own():
    video = Video(consistent=False)
    assert video.frame({7: 1}) == {7: 1}
    assert video.frame({7: 4}) == {7: 4}


def test_asking_does_not_bind():
    video = Video()
    assert video.frame({7: 1}, remember=False) == {7: 1}
    assert video.frame({7: 2}) == {7: 2}
    assert video.frame({7: 1}, remember=False) == {7: 2}


def test_frames_without_objects_match_nothing_and_forget_nothing():
    video = Video()
    video.frame({7: 1})
    assert video.frame({}) == {}
    assert video.frame({7: 3}) == {7: 1}


def test_a_diverged_model_is_matched_all_the_same():
    matcher = TemporalMatcher(InstanceCost(), N)
    logits, boxes = torch.full((N, K), float("nan")), torch.full((N, 4), float("inf"))
    slots, index = matcher.match(logits, boxes, torch.tensor([0]), places(0), torch.tensor([1]), SIZE)
    assert len(slots) == len(index) == 1
