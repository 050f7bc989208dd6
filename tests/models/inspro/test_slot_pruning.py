"""Slots that a frame leaves out, against a model that has no other slots."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_model import SIZE, N, enliven, inspro_cfg
from streamed import assert_same_detections

from mmvis_ext.models.inspro.inspro import InsProState
from mmvis_ext.models.inspro.slot_pruning import SlotPruning
from mmvis_ext.models.query import FeatureBank, Propagated
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry

GEOMETRY = FrameGeometry(original=(64, 96), resized=SIZE)
VARIANTS = {
    "inspro": dict(),
    "boxes alone": {"head.mask_branch": None},
    "no bank": {"head.bank_length": 1},
    "lite": {"type": "InsProLite", "key_interval": 2},
}
FORMS = pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS.keys())
LEFT_OUT, LEFT = [1, 3], [0, 2]


def build(**changes):
    model = MODELS.build(inspro_cfg(**changes))
    model.init_weights()
    return enliven(model)


def with_weights_of(model, **changes):
    """Another model with the same weights, but for the learned queries, whose number may differ."""
    other, weights = build(**changes), model.state_dict()
    own = {name: value for name, value in other.state_dict().items() if value.shape != weights[name].shape}
    assert all(".initial." in name for name in own)
    other.load_state_dict(weights | own)
    return other


def frame():
    return torch.randn(1, 3, *SIZE)


def after_two_frames(model):
    """A state in which the bank is not full yet; a key frame of the lite model is next."""
    state = model.init_state(GEOMETRY)
    for _ in range(2):
        _, state = model.step(frame(), state)
    return state


def of_some(carried):
    """The part of the slots that are left, written out."""
    bank = carried.bank
    if bank is not None:
        bank = FeatureBank(bank.features[:, :, LEFT], bank.filled[LEFT])
    return Propagated(carried.queries[:, LEFT], carried.boxes[:, LEFT], bank)


@FORMS
@pytest.mark.parametrize("number", [2, 3], ids=["a key frame", "a frame between"])
def test_the_slots_that_are_left_do_what_they_do_alone(changes, number):
    model = build(prune=dict(after=4, every=5), **changes)
    model.visible_thr = 0.0
    few = with_weights_of(model, **changes, **{"head.num_queries": len(LEFT)})
    few.visible_thr = 0.0
    state = replace(after_two_frames(model), frame=number, empty=(3, 4, 0, 9))
    picture = frame()
    found, after = model.step(picture, state)
    alone, after_alone = few.step(picture, InsProState(GEOMETRY, of_some(state.carried), number, (3, 0)))

    assert found.track_ids == list(range(N))
    assert np.array_equal(found.scores[LEFT], alone.scores)
    assert np.array_equal(found.boxes[LEFT], alone.boxes)
    assert found.visible[LEFT].all()
    assert (found.masks is None) == (alone.masks is None)
    if found.masks is not None:
        assert [found.masks[slot] for slot in LEFT] == alone.masks
        assert all(found.masks[slot] == [None] for slot in LEFT_OUT)
    assert not found.scores[LEFT_OUT].any()
    assert not found.visible[LEFT_OUT].any()
    expected = GEOMETRY.to_original(state.carried.boxes[0, LEFT_OUT]).numpy()
    assert np.array_equal(found.boxes[LEFT_OUT, 0], expected)

    assert after.frame == number + 1
    assert after.empty == (0, 5, 0, 10)
    for mine, before, its in zip(after.carried[:2], state.carried[:2], after_alone.carried[:2], strict=True):
        assert torch.equal(mine[:, LEFT_OUT], before[:, LEFT_OUT])
        assert torch.equal(mine[:, LEFT], its)
    if state.carried.bank is not None:
        bank, before, its = after.carried.bank, state.carried.bank, after_alone.carried.bank
        assert torch.equal(bank.features[:, :, LEFT_OUT], before.features[:, :, LEFT_OUT])
        assert torch.equal(bank.features[:, :, LEFT], its.features)
        assert torch.equal(bank.filled[LEFT_OUT], before.filled[LEFT_OUT])
        assert torch.equal(bank.filled[LEFT], its.filled)


@FORMS
def test_where_all_run_in_every_frame_nothing_changes(changes):
    pruned = build(prune=dict(after=1, every=1), **changes)
    plain = with_weights_of(pruned, **changes)
    first, _ = plain.step(frame(), plain.init_state(GEOMETRY))
    plain.visible_thr = pruned.visible_thr = float(np.median(first.scores.max((1, 2))))
    one, other, empty = pruned.init_state(GEOMETRY), plain.init_state(GEOMETRY), 0
    for _ in range(5):
        picture = frame()
        found, one = pruned.step(picture, one)
        expected, other = plain.step(picture, other)
        assert_same_detections(found, expected)
        empty += (~expected.visible).sum()
        assert torch.equal(one.carried.queries, other.carried.queries)
    assert empty > 0, "there were slots to leave out"


def test_every_few_frames_all_slots_run_and_else_those_that_are_not_long_empty(monkeypatch):
    model, ran = build(prune=dict(after=2, every=4)), []
    own = model.forward_window

    def network(frames, sizes, carried):
        ran.append((state.frame, carried.boxes.shape[1]))
        result, after = own(frames, sizes, carried)
        scores = torch.zeros_like(result.scores)
        scores[0] = float(state.frame < 3)  # slot 0 is seen in three frames, and no other ever
        return result._replace(scores=scores), after

    monkeypatch.setattr(model, "forward_window", network)
    state = model.init_state(GEOMETRY)
    for _ in range(10):
        found, state = model.step(frame(), state)
        assert found.visible[0, 0] == (state.frame <= 3)
        assert not found.visible[1:].any()
    # from frame 5 on, slot 0 has been empty for two frames too: nobody looks at the frames between
    assert ran == [(0, N), (1, N), (2, 1), (3, 1), (4, N), (8, N)]
    assert state.empty == (7, 10, 10, 10)


def test_a_slot_that_is_seen_again_is_not_left_out():
    model = build(prune=dict(after=2, every=4))
    state = replace(after_two_frames(model), frame=4, empty=(9,) * N)
    model.visible_thr = 0.0
    _, state = model.step(frame(), state)
    assert state.empty == (0,) * N
    model.visible_thr = 2.0
    found, state = model.step(frame(), state)
    assert found.scores.any(-1).all(), "all have run"
    assert state.empty == (1,) * N


@pytest.mark.parametrize(
    ("after", "frame_number", "expected"), [(1, 0, [0, 1, 2]), (1, 1, [0]), (3, 7, [0, 1]), (9, 7, [0, 1, 2])]
)
def test_running_slots(after, frame_number, expected):
    assert SlotPruning(after, every=5).running(frame_number, (0, 2, 3)) == expected


def test_a_benchmark_measures_whole_rounds():
    assert build(prune=dict(every=6)).period == 6
    assert build(type="InsProLite", key_interval=4, prune=dict(every=6)).period == 12
    assert (build().period, build(type="InsProLite", key_interval=4).period) == (1, 4)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (dict(prune=dict(after=0)), "prune: after=0 must be at least 1"),
        (dict(prune=dict(every=-1)), "prune: every=-1 must be at least 1"),
        ({"prune": dict(), "head.propagate": "query"}, 'propagate="both" and not "query"'),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        build(**changes)
