"""Inequalities over rows, and that the papers' own figures obey every claim."""

from pathlib import Path

import pytest

from mmvis_ext.study.claims import parse_inequality, read_claims
from mmvis_ext.study.runs import paper_figures, read_runs
from mmvis_ext.utils.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
FIGURES = {"a-x": 10.0, "b-y": 4.0}


@pytest.mark.parametrize(
    ("text", "value"),
    [("a-x > b-y", 6), ("a-x < b-y", -6), ("a-x > 2 * b-y", 2), ("b-y > a-x - 7", 1), ("a-x - b-y < 0.5 * a-x", -1)],
)
def test_the_value_of_an_inequality(text, value):
    assert parse_inequality(text).value(FIGURES) == pytest.approx(value)


@pytest.mark.parametrize("text", ["a-x", "a-x > b-y > c", "a-x > ", "a-x > b-y b-y", "a-x > two * b-y", "a-x > 2 *"])
def test_what_is_no_inequality(text):
    with pytest.raises(InputError, match="correct it"):
        parse_inequality(text)


def test_a_broken_file(tmp_path):
    (tmp_path / "claims.yaml").write_text("- {table: a, says: b}\n")
    with pytest.raises(InputError, match="has the keys table, says and claim, and may have found"):
        read_claims(tmp_path / "claims.yaml")


def test_the_papers_obey_their_claims_and_each_row_has_a_run():
    runs, _ = read_runs(ROOT / "configs/study/rows.yaml")
    figures, _ = paper_figures(ROOT / "configs", runs)
    known = {row for run in runs.values() for row in run.rows}
    for claim in read_claims(ROOT / "docs/study/claims.yaml"):
        for inequality in claim.inequalities:
            assert set(inequality.rows) <= known, inequality.text
            assert inequality.value(figures) > 0, inequality.text
            # a row is one of the table's, or a baseline that its paper compares with
            assert {row.split("-")[0] for row in inequality.rows} - {"masktrack"} == {claim.table}
