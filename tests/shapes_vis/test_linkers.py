"""The study's videos are hard where they should be: perfect masks are worth nothing until they are linked well."""

import pytest
from linkers import Drawn, ap_of, by_colour, by_position, shuffled, validation_videos


@pytest.fixture(scope="module", params=[("study", 24), ("claims", 60)], ids=["study", "claims"])
def study(request) -> list[Drawn]:
    return validation_videos(*request.param)


@pytest.fixture(scope="module")
def lookalikes() -> list[Drawn]:
    return validation_videos("study-lookalike", 10)


def test_true_links_are_perfect(study, lookalikes):
    assert ap_of(study, None) == pytest.approx(100)
    assert ap_of(lookalikes, None) == pytest.approx(100)


def test_links_by_place_in_the_frame_fail(study):
    assert ap_of(study, by_position) < 50
    assert ap_of(study, shuffled) < 30


def test_links_by_colour_fail_where_objects_look_alike(study, lookalikes):
    alone = [one for one in study if "lookalike" not in one.traits]
    alike = [one for one in study if "lookalike" in one.traits]
    assert len(alike) >= 8
    assert ap_of(alone, by_colour) > ap_of(alike, by_colour) + 20
    assert ap_of(lookalikes, by_colour) < 60
