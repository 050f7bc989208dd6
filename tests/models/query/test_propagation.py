"""Intra-query attention against its equation, and the bank that feeds it."""

import math

import pytest
import torch
from torch.utils._pytree import tree_leaves

from mmvis_ext.models import IntraQueryAttention
from mmvis_ext.models.query.propagation import FeatureBank, Propagated, clip_to_frame
from mmvis_ext.structures.boxes import apply_deltas

B, L, N, C = 2, 4, 3, 8


def attend_slowly(attention, current, bank):
    weight, bias = attention.score.weight[0], attention.score.bias[0]
    out = torch.zeros_like(current)
    for b in range(len(current)):
        for i in range(current.shape[1]):
            weights = [math.exp(float(weight @ bank[b, n, i] + bias)) for n in range(bank.shape[1])]
            total = sum(weights)
            out[b, i] = current[b, i]
            for n, w in enumerate(weights):
                out[b, i] += w / total * bank[b, n, i]
    return out


@pytest.mark.parametrize("length", [1, 2, L])
@torch.no_grad()
def test_a_query_is_the_weighted_bank_plus_the_current_feature(length):
    attention, bank = IntraQueryAttention(C), torch.randn(B, length, N, C)
    current = bank[:, -1]
    torch.testing.assert_close(attention(current, bank), attend_slowly(attention, current, bank))


@torch.no_grad()
def test_slots_and_clips_do_not_touch_each_other():
    attention, bank = IntraQueryAttention(C), torch.randn(B, L, N, C)
    before = attention(bank[:, -1], bank)
    other = bank.clone()
    other[1, :, 2] += 1
    after = attention(other[:, -1], other)
    same = torch.ones(B, N, dtype=torch.bool)
    same[1, 2] = False
    assert torch.equal(before[same], after[same])
    assert not torch.equal(before[~same], after[~same])


@pytest.mark.parametrize("frames", [1, 3, L, L + 3])
@torch.no_grad()
def test_the_bank_holds_the_last_features_and_what_is_not_filled_does_not_count(frames):
    attention, features = IntraQueryAttention(C), torch.randn(frames, B, N, C)
    bank = FeatureBank.empty(features[0], L)
    for feature in features:
        bank = bank.push(feature)
    held = features[-L:].transpose(0, 1)  # (B, <=L, N, C), the oldest first
    assert bank.valid.tolist() == [[i >= L - len(features[-L:])] * N for i in range(L)]
    assert torch.equal(bank.features[:, -len(held[0]) :], held)
    dirty = bank._replace(features=bank.features.masked_fill(~bank.valid[None, ..., None], 1e4))
    expected = attend_slowly(attention, features[-1], held)
    torch.testing.assert_close(attention(features[-1], dirty.features, dirty.valid), expected)


def test_pushing_changes_no_bank():
    bank = FeatureBank.empty(torch.zeros(B, N, C), L)
    bank.push(torch.ones(B, N, C))
    assert not bank.features.any()
    assert not bank.filled.any()


@torch.no_grad()
def test_slots_whose_banks_are_filled_differently_attend_to_their_own():
    attention, bank, current = IntraQueryAttention(C), torch.randn(B, L, N, C), torch.randn(B, N, C)
    filled = [1, 3, L]
    found = attention(current, bank, FeatureBank(bank, torch.tensor(filled)).valid)
    for i, number in enumerate(filled):
        own = attend_slowly(attention, current[:, [i]], bank[:, L - number :, [i]])
        torch.testing.assert_close(found[:, [i]], own)


@pytest.mark.parametrize("with_bank", [True, False])
def test_some_slots_are_taken_and_put_back(with_bank):
    def propagated(n, value):
        bank = FeatureBank(torch.full((B, L, n, C), value), torch.full((n,), int(value)))
        return Propagated(torch.full((B, n, C), value), torch.full((B, n, 4), value), bank if with_bank else None)

    everyone, some, slots = propagated(N, 1.0), propagated(2, 2.0), torch.tensor([2, 0])
    joined = everyone.put(slots, some)
    assert tree_equal(everyone, propagated(N, 1.0)), "putting changes nothing that it was given"
    assert tree_equal(joined.take(slots), some)
    assert tree_equal(joined.take(torch.tensor([1])), propagated(1, 1.0))


def tree_equal(one, other):
    leaves, others = tree_leaves(one), tree_leaves(other)
    return len(leaves) == len(others) and all(
        torch.equal(a, b) for a, b in zip(leaves, others, strict=True) if a is not None
    )


def test_boxes_are_clipped_to_their_own_frame():
    boxes = torch.tensor([[[-5.0, 2.0, 70.0, 60.0]], [[-5.0, 2.0, 70.0, 60.0]]])
    sizes = torch.tensor([[40.0, 50.0], [80.0, 60.0]])
    assert clip_to_frame(boxes, sizes).tolist() == [[[0, 2, 50, 40]], [[0, 2, 60, 60]]]


def test_boxes_that_left_keep_a_smallest_side_inside_the_frame():
    boxes = torch.tensor([[[-30.0, 5.0, -4.0, 25.0], [70.0, 60.0, 90.0, 61.0], [10.0, 10.0, 12.0, 30.0]]])
    expected = [[[0, 5, 8, 25], [42, 32, 50, 40], [7, 10, 15, 30]]]
    assert clip_to_frame(boxes, torch.tensor([[40.0, 50.0]])).tolist() == expected


@pytest.mark.parametrize("smallest", [0.0, 8.0])
def test_only_with_a_smallest_side_do_deltas_lead_back_from_the_edge(smallest):
    target, sizes = torch.tensor([20.0, 5.0, 40.0, 25.0]), torch.tensor([[40.0, 50.0]])
    start = clip_to_frame(torch.tensor([[[-30.0, 5.0, -4.0, 25.0]]]), sizes, smallest)
    deltas = torch.zeros(3, 1, 1, 4, requires_grad=True)  # of three stages
    optimizer = torch.optim.Adam([deltas], lr=0.1)
    for _ in range(200):
        boxes = start
        for delta in deltas:
            boxes = apply_deltas(boxes, delta, (0.5, 0.5, 1.0, 1.0))
        optimizer.zero_grad()
        (boxes - target).abs().sum().backward()
        optimizer.step()
    assert ((boxes - target).abs().max() < 2) == (smallest > 0)
