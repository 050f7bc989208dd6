"""What the official evaluation says of published masks (../shared/real/davis_eval)."""

import json
from pathlib import Path

import pytest

from mmvis_ext.evaluation.davis_folders import evaluate_folders
from mmvis_ext.evaluation.davis_jf import FIGURES, summarize

REAL = Path(__file__).parents[3] / "shared" / "real" / "davis_eval"


@pytest.mark.skipif(not REAL.exists(), reason="the masks in ../shared/real/davis_eval are not there")
def test_figures_are_the_official_ones():
    expected = json.loads((REAL / "expected.json").read_text())
    sequences = evaluate_folders(REAL / "truth", REAL / "results", workers=2)
    figures = summarize(sequences)
    assert figures == pytest.approx({name: expected[name] for name in FIGURES}, abs=1e-4)
    for sequence in sequences:
        # the official code counts a sequence's rows in the order of the proposals
        rows = sorted(sequence.report()["objects"].values(), key=lambda row: row["proposal"])
        for number, row in enumerate(rows, 1):
            for kind in "JF":
                official = expected[f"per_object_{kind}"][f"{sequence.name}_{number}"]
                assert row[f"{kind}-mean"] == pytest.approx(official, abs=1e-4)
