"""Slots from clip to clip, against a list of Python objects."""

import pytest
import torch

from mmvis_ext.models.association import Slots, renew_slots

N, T, K, C = 4, 3, 2, 5
R, LOW = 3, 0.05


def scores(best: list[float]) -> torch.Tensor:
    """(N,T,K) whose best score of each slot is given and stands in one frame and class only."""
    out = torch.zeros(len(best), T, K)
    for i, value in enumerate(best):
        out[i] = value * 0.1
        out[i, i % T, i % K] = value
    return out


def run(clips: list[list[float]], reset_after: int = R) -> tuple[list[Slots], torch.Tensor, list[torch.Tensor]]:
    initial = torch.randn(N, C)
    slots, outputs = [Slots.fresh(initial)], []
    for best in clips:
        outputs.append(torch.randn(N, T, C))
        slots.append(renew_slots(slots[-1], outputs[-1], scores(best), initial, reset_after, LOW))
    return slots, initial, outputs


def simulate(clips: list[list[float]]) -> list[list[tuple[int, int, bool]]]:
    """(track id, idle clips, whether reset) of each slot after each clip."""
    ids, idle, next_id, history = list(range(N)), [0] * N, N, []
    for best in clips:
        after = []
        for i in range(N):
            idle[i] = idle[i] + 1 if best[i] < LOW else 0
            reset = idle[i] == R
            if reset:
                idle[i], ids[i], next_id = 0, next_id, next_id + 1
            after.append((ids[i], idle[i], reset))
        history.append(after)
    return history


def test_fresh_slots_start_from_the_learned_queries():
    slots = Slots.fresh(torch.randn(N, C))
    assert slots.track_ids.tolist() == [0, 1, 2, 3]
    assert slots.idle.tolist() == [0] * N
    assert slots.next_id.item() == N


@pytest.mark.parametrize("seed", range(6))
def test_slots_live_as_simulated(seed):
    torch.manual_seed(seed)
    clips = torch.where(torch.rand(12, N) < 0.75, 0.01, 0.5).tolist()
    slots, initial, outputs = run(clips)
    history = simulate(clips)
    assert any(reset for after in history for *_, reset in after)
    for after, expected, output in zip(slots[1:], history, outputs, strict=True):
        for i, (track_id, idle, reset) in enumerate(expected):
            assert (after.track_ids[i].item(), after.idle[i].item()) == (track_id, idle)
            wanted = initial[i] if reset else sum(output[i, t] for t in range(T)) / T
            torch.testing.assert_close(after.queries[i], wanted)


def test_a_slot_is_reset_after_three_idle_clips_and_not_before():
    low, high = [0.0] * N, [0.5] + [0.0] * (N - 1)
    slots, _, _ = run([low, low, high, low, low, low])
    assert [s.track_ids[0].item() for s in slots] == [0, 0, 0, 0, 0, 0, 6 + 1]
    assert [s.track_ids[1].item() for s in slots] == [1, 1, 1, 4, 4, 4, 8]


def test_track_ids_are_never_given_twice():
    slots, _, _ = run([[0.0] * N] * 10)
    given = [i for s in slots for i in s.track_ids.tolist()]
    births = {(slot, i) for s in slots for slot, i in enumerate(s.track_ids.tolist())}
    assert len(births) == len(set(given)) == N * 4
    assert slots[-1].next_id.item() == N * 4


def test_the_threshold_itself_is_not_background():
    slots, _, _ = run([[LOW, LOW - 1e-4, 0.0, 1.0]])
    assert slots[-1].idle.tolist() == [0, 1, 1, 0]


def test_zero_never_resets():
    slots, _, outputs = run([[0.0] * N] * 5, reset_after=0)
    assert slots[-1].track_ids.tolist() == [0, 1, 2, 3]
    torch.testing.assert_close(slots[-1].queries, outputs[-1].mean(1))


def test_the_slots_before_are_not_changed():
    slots, _, _ = run([[0.0] * N] * 4)
    assert slots[0].track_ids.tolist() == [0, 1, 2, 3]
    assert slots[2].idle.tolist() == [2] * N


def test_it_is_tensor_code_that_compiles_whole():
    initial = torch.randn(N, C)
    slots, compiled = Slots.fresh(initial), torch.compile(renew_slots, fullgraph=True, backend="eager")
    for _ in range(4):
        output = torch.randn(N, T, C)
        expected = renew_slots(slots, output, scores([0.0, 0.5, 0.0, 0.5]), initial, R, LOW)
        slots = compiled(slots, output, scores([0.0, 0.5, 0.0, 0.5]), initial, R, LOW)
        assert all(torch.equal(a, b) for a, b in zip(slots, expected, strict=True))
