"""Linking by hand: ids over clips, and the affinity pair by pair."""

import itertools

import pytest
import torch

from mmvis_ext.models.association import ClipLinker, LinkMemory
from mmvis_ext.registry import TASK_UTILS

T, K, SIDE = 3, 3, 8
LEFT, RIGHT, TOP = (0, 0, 3, 6), (5, 2, 8, 8), (2, 0, 7, 2)  # on an 8x8 grid


def clip(*objects, length: int = T) -> dict:
    """Tracklets of (place, class, frames that show it), with a place per frame or one for all."""
    n = len(objects)
    out = dict(
        scores=torch.full((n, length, K), 0.01),
        boxes=torch.zeros(n, length, 4),
        masks=torch.zeros(n, length, SIDE, SIDE),
        visible=torch.zeros(n, length, dtype=torch.bool),
    )
    for i, (place, label, shown) in enumerate(objects):
        for t in range(length):
            x1, y1, x2, y2 = place[t] if isinstance(place[0], tuple) else place
            out["boxes"][i, t] = torch.tensor([x1, y1, x2, y2]) / SIDE
            out["masks"][i, t, y1:y2, x1:x2] = 1
            if t in shown:
                out["visible"][i, t], out["scores"][i, t, label] = True, 0.8
    return out


def link(linker: ClipLinker, *clips: dict) -> list[list[int]]:
    memory, ids = None, []
    for one in clips:
        found, memory = linker.link(memory, **one)
        ids.append(found)
    return ids


ALL = range(T)


def test_an_object_keeps_its_id_in_whatever_slot_it_stands():
    linker = ClipLinker()
    a, b = (LEFT, 0, ALL), (RIGHT, 1, ALL)
    assert link(linker, clip(a, b), clip(b, a), clip(a, b)) == [[0, 1], [1, 0], [0, 1]]


def test_a_new_object_gets_a_new_id():
    ids = link(ClipLinker(min_affinity=0.8), clip((LEFT, 0, ALL)), clip((TOP, 2, ALL), (LEFT, 0, ALL), (RIGHT, 1, ALL)))
    assert ids == [[0], [1, 0, 2]]


def test_ids_go_on_counting_over_clips():
    linker = ClipLinker(min_affinity=1.1)
    assert link(linker, *[clip((LEFT, 0, ALL), (RIGHT, 1, ALL))] * 3) == [[0, 1], [2, 3], [4, 5]]


def test_what_is_nowhere_visible_has_no_id():
    assert link(ClipLinker(), clip((LEFT, 0, ()), (RIGHT, 1, (1,)))) == [[-1, 0]]
    assert link(ClipLinker(), clip((LEFT, 0, ())), clip((LEFT, 0, ())), clip((LEFT, 0, ALL))) == [[-1], [-1], [0]]


def test_a_track_is_remembered_over_clips_that_do_not_show_it():
    a, b = (LEFT, 0, ALL), (RIGHT, 1, ALL)
    linker = ClipLinker(min_affinity=0.8)
    assert link(linker, clip(a, b), clip(b), clip(b), clip(a, b)) == [[0, 1], [1], [1], [0, 1]]
    assert link(linker, clip(a), clip((LEFT, 0, ())), clip(a)) == [[0], [-1], [0]]


def test_the_last_sight_meets_the_first_sight():
    moving = ([LEFT, TOP, RIGHT], 0, (0, 1))  # last seen at the top
    back = ([LEFT, TOP, RIGHT], 0, (1, 2))  # first seen at the top
    elsewhere = ([TOP, RIGHT, RIGHT], 0, (1, 2))
    assert link(ClipLinker(min_affinity=0.99), clip(moving), clip(elsewhere, back)) == [[0], [1, 0]]


@pytest.mark.parametrize(("threshold", "linked"), [(0.74, True), (0.76, False)])
def test_pairs_below_the_threshold_are_not_linked(threshold, linked):
    ids = link(ClipLinker(min_affinity=threshold), clip((LEFT, 0, ALL)), clip((LEFT, 1, ALL)))
    assert ids == [[0], [0 if linked else 1]], "all but the class agree: affinity is 3/4"


def test_the_class_is_the_best_over_visible_frames():
    first, second = clip((LEFT, 0, ALL)), clip((LEFT, 0, (0, 1)))
    second["scores"][0, 2] = torch.tensor([0.0, 9.0, 0.0])  # an invisible frame does not vote
    assert link(ClipLinker(min_affinity=0.99), first, second) == [[0], [0]]


@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0, 1.0), (0.5, 2.0, 1.0, 3.0)])
def test_affinity_of_every_pair(weights):
    m, n = 3, 4

    def things(count):
        corner = torch.rand(count, 2) * 0.5
        boxes = torch.cat([corner, corner + 0.1 + torch.rand(count, 2) * 0.4], 1)
        return boxes, torch.rand(count, SIDE, SIDE), torch.randint(0, 2, (count,))

    a, b = things(m), things(n)
    found = ClipLinker(weights=weights).affinity(LinkMemory(*a, torch.arange(m), m), *b)
    for i, j in itertools.product(range(m), range(n)):
        p, q = a[0][i].tolist(), b[0][j].tolist()
        w, h = (max(min(p[k + 2], q[k + 2]) - max(p[k], q[k]), 0) for k in (0, 1))
        areas = [(x[2] - x[0]) * (x[3] - x[1]) for x in (p, q)]
        u, v = a[1][i].flatten().tolist(), b[1][j].flatten().tolist()
        common = sum(x * y for x, y in zip(u, v, strict=True))
        parts = [
            w * h / (sum(areas) - w * h),
            1 - sum(abs(x - y) for x, y in zip(p, q, strict=True)) / 4,
            common / (sum(u) + sum(v) - common),
            float(a[2][i] == b[2][j]),
        ]
        expected = sum(x * y for x, y in zip(weights, parts, strict=True)) / sum(weights)
        assert found[i, j].item() == pytest.approx(expected, abs=1e-5)


def test_the_best_pairing_as_a_whole_is_taken():
    linker = ClipLinker(min_affinity=0.0, weights=(1.0, 0.0, 0.0, 0.0))
    first = clip(((0, 0, 4, 4), 0, ALL), ((4, 0, 8, 4), 0, ALL))
    second = clip(((2, 0, 6, 4), 0, ALL), ((0, 0, 3, 4), 0, ALL))
    assert link(linker, first, second) == [[0, 1], [1, 0]]


def test_the_memory_before_is_not_changed():
    linker = ClipLinker()
    _, memory = linker.link(None, **clip((LEFT, 0, ALL), (RIGHT, 1, ALL)))
    before = [x.clone() for x in memory[:4]]
    linker.link(memory, **clip((RIGHT, 1, ALL), (TOP, 2, ALL)))
    assert all(torch.equal(a, b) for a, b in zip(memory[:4], before, strict=True))
    assert memory.next_id == 2


def test_it_is_built_by_name():
    assert TASK_UTILS.build(dict(type="ClipLinker", min_affinity=0.3)).min_affinity == 0.3
