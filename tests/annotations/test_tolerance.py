"""Faults that are mended: counted by kind, told once, and refused where that is asked for."""

import pytest

from mmvis_ext.annotations.tolerance import Tolerance
from mmvis_ext.utils.errors import InputError


def test_faults_are_counted_by_kind_with_the_first_place(log):
    tolerance = Tolerance("a.json")
    for t in range(3):
        tolerance.mend("odd boxes", f"a.json: video 4, frame {t + 2}", "no.")
    tolerance.mend("odd lengths", "a.json: video 5", "no.")
    tolerance.warn()
    assert [r.getMessage() for r in log.records] == [
        "a.json: odd boxes: 3 (first: video 4, frame 2).",
        "a.json: odd lengths: 1 (first: video 5).",
    ]
    assert {r.levelname for r in log.records} == {"WARNING"}


def test_parts_are_added_in_their_order():
    parts = [Tolerance("a"), Tolerance("a")]
    for part, place in zip(parts, ("one", "two"), strict=True):
        part.mend("odd", place, "no.")
    whole = Tolerance("a")
    whole.add(parts)
    assert whole.found == dict(odd=(2, "one"))


def test_a_strict_reader_refuses_with_the_sentence_that_it_is_given():
    tolerance = Tolerance("a.json", strict=True)
    with pytest.raises(InputError, match=r"^a.json: video 4 is odd; correct it\.$"):
        tolerance.mend("odd", "video 4", "a.json: video 4 is odd; correct it.")
    assert not tolerance.found
