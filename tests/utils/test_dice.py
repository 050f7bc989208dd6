import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmvis_ext.utils.dice import COS, SIN, TRIG_ONE, TURN, Dice


def test_streams_are_the_ones_they_have_always_been():
    dice = Dice(1, 2, 3)
    assert [dice.integer(0, 999) for _ in range(5)] == [616, 483, 571, 86, 63]
    assert dice.uniform(2.0, 4.0) == 2.9590291440788365
    assert dice.shuffled("abcdef") == list("dcaebf")
    assert dice.octets(1, 4).tolist() == [[190, 83, 37, 219]]


def test_no_table_entry_hangs_on_the_last_digit_of_a_cosine():
    exact = np.cos(np.arange(TURN) * (2 * np.pi / TURN)) * TRIG_ONE
    assert (np.abs(np.abs(exact - np.floor(exact)) - 0.5) > 1e-6).all()
    assert COS[0] == TRIG_ONE
    assert SIN[TURN // 4] == TRIG_ONE
    assert COS[TURN // 2] == -TRIG_ONE


def test_a_child_does_not_depend_on_what_was_drawn_before():
    fresh, used = Dice(7), Dice(7)
    used.uniform()
    assert fresh.child(1).uniform() == used.child(1).uniform()
    assert fresh.child(1).uniform() != fresh.child(2).uniform()


@given(st.integers(0, 2**32 - 1), st.integers(-5, 5), st.integers(0, 9))
def test_draws_stay_in_their_range(seed, low, span):
    dice = Dice(seed)
    assert {dice.integer(low, low + span) for _ in range(200)} <= set(range(low, low + span + 1))
    assert all(low <= dice.uniform(low, low + span) <= low + span for _ in range(50))
    assert sorted(dice.shuffled(range(span))) == list(range(span))


def test_chances_of_none_and_one_are_certain():
    dice = Dice(0)
    assert not any(dice.chance(0.0) for _ in range(1000))
    assert all(dice.chance(1.0) for _ in range(1000))
    assert 400 < sum(dice.chance(0.5) for _ in range(1000)) < 600
