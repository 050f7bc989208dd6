"""The page and its plot, from results that are written here."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmvis_ext.evaluation.video_shares import APShares, ClassShares, JFShares
from mmvis_ext.study.claims import Claim, parse_inequality, read_claims
from mmvis_ext.study.measured import Measured, judge_claims
from mmvis_ext.study.page import write_page
from mmvis_ext.study.plot import points
from mmvis_ext.study.results import RunResult, read_result, write_result
from mmvis_ext.study.runs import read_runs
from mmvis_ext.utils.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
VIDEOS = 12


def result(run: str, rows: tuple[str, ...], seed: int, level: float, data_seed: int = 0) -> RunResult:
    noise = np.random.default_rng([seed, int(level)]).normal(size=VIDEOS)
    shares = JFShares(list(range(VIDEOS)), [[level + value] for value in noise])
    figures = {"J&F": shares.score(np.ones(VIDEOS, int)), "FPS": 10.0 + seed}
    return RunResult(
        run, rows, seed, data_seed, "0", "1 abc", "2.0", "a CPU", 2, 1, 1800.0, 3, False, figures, shares.to_dict()
    )


def study_of(folder: Path, results: list[RunResult]) -> Path:
    (folder / "claims.yaml").write_text((ROOT / "docs/study/claims.yaml").read_text())
    for one in results:
        write_result(folder / "results", one)
    return folder


RESULTS = [
    result(run, rows, seed, level)
    for run, rows, level in (("srnet", ("s1-lovasz", "s2-baseline"), 60), ("srnet_dice", ("s1-dice",), 50))
    for seed in (0, 1, 2)
]


def test_the_page_of_the_project_is_made_of_its_results_alone(tmp_path):
    written = write_page(study_of(tmp_path, []), ROOT / "configs")
    if not list((ROOT / "docs/study").glob("results/*.json")):
        assert written.read_text() == (ROOT / "docs/study/README.md").read_text()
    assert "No run is finished yet" in written.read_text()
    assert not (tmp_path / "effects.png").exists()


def test_the_page_says_what_was_measured(tmp_path):
    page = write_page(study_of(tmp_path, RESULTS), ROOT / "configs", draws=50).read_text()
    assert "6 runs are finished. They took 3.0 hours one by one, on a CPU (2 cores, 1 runs side by side)" in page
    assert "with mmvis_ext 1 (abc) and torch 2.0." in page
    assert "### s1: holds" in page
    assert "### s2: not measured" in page
    assert "Noise of validation videos" not in page
    (line,) = (line for line in page.splitlines() if line.startswith("| `s1-lovasz > s1-dice`"))
    _, _, paper, ours, detectable, seeds, verdict, _ = (cell.strip() for cell in line.split("|"))
    high, low = ([one.figures["J&F"] for one in RESULTS if one.run == run] for run in ("srnet", "srnet_dice"))
    assert ours.startswith(f"{np.mean(high) - np.mean(low):+.1f} ± ")
    assert (paper, seeds, verdict) == ("+1.6", "3", "holds")
    assert float(detectable) > 0
    assert f"| s1-dice | srnet_dice | 58.1 | {np.mean(low):.1f} ± {np.std(low, ddof=1):.1f} | 11.0 ± 1.0 |" in page
    assert (tmp_path / "effects.png").read_bytes().startswith(b"\x89PNG")


def test_validations_of_trainings_are_drawn_over_time(tmp_path):
    assert "learning.png" not in write_page(study_of(tmp_path, RESULTS), ROOT / "configs", draws=50).read_text()
    learned = replace(RESULTS[0], run="srnet_vis", figures={"AP": 3.0}, shares=None, learning=((1.0, 2.0), (2.5, 3.0)))
    page = write_page(study_of(tmp_path, [learned]), ROOT / "configs", draws=50).read_text()
    assert "(learning.png)" in page
    assert (tmp_path / "learning.png").read_bytes().startswith(b"\x89PNG")
    assert read_result(next(tmp_path.glob("results/srnet_vis*"))).learning == learned.learning


def test_the_same_results_give_the_same_files(tmp_path):
    files = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_page(study_of(tmp_path / name, RESULTS if name == "a" else RESULTS[::-1]), ROOT / "configs", draws=50)
        files.append([(tmp_path / name / file).read_bytes() for file in ("README.md", "effects.png")])
    assert files[0] == files[1]


def test_the_page_counts_what_holds(tmp_path):
    levels = {"s1-lovasz": 60, "s1-dice": 50, "s2-wo-temporal": 70, "s2-baseline": 60}
    results = [result(row, (row,), seed, level) for row, level in levels.items() for seed in (0, 1)]
    results += [result("one-seed", ("s2-wo-heatmap",), 0, 40)]
    page = write_page(study_of(tmp_path, results), ROOT / "configs", draws=50).read_text()
    inequalities = [one for claim in read_claims(tmp_path / "claims.yaml") for one in claim.inequalities]
    counts = "2 have two seeds or more: 1 hold, 1 fail, 0 are within noise"
    assert f"Of {len(inequalities)} inequalities {counts}." in page
    rows = [
        line.split("|") for line in page.splitlines() if line.startswith(("| `s1-lovasz", "| `s2-baseline > s2-wo-t"))
    ]
    seen = [verdict.strip() for _, _, paper, _, detectable, _, verdict, _ in rows if float(paper) >= float(detectable)]
    assert set(seen) == {"holds", "fails"}
    assert "The effect of 2 is in the paper at least as large as what is detectable here: 1 hold, 1 fail," in page


def test_the_page_says_how_noisy_validation_videos_are(tmp_path):
    rng = np.random.default_rng(0)
    runs = [("inspro", ("i2b-bdl",)), ("inspro_plain", ("i2b-wo-bdl",))]
    results = []
    for run, rows in runs:
        # an object and a result in each video, which hits it up to some IoU threshold
        hits = [(1 << int(at)) - 1 for at in rng.integers(0, 11, VIDEOS)]
        misses = [1023 - one for one in hits]
        videos = list(range(VIDEOS))
        shares = APShares(videos, [ClassShares([1] * VIDEOS, videos, hits, misses)])
        figures = {"AP": shares.score(np.ones(VIDEOS, int))}
        results.append(replace(result(run, rows, 0, 1), figures=figures, shares=shares.to_dict()))
    page = write_page(study_of(tmp_path, results), ROOT / "configs", draws=40).read_text()
    lines = page.split("## Noise of validation videos")[1].splitlines()
    table = [[float(cell) for cell in line.split("|")[1:-1]] for line in lines if line[:3] in ("| 1", "| 3", "| 6")]
    assert [number for number, _, _ in table] == [1, 3, 6, 12]
    assert table[0][1] > table[3][1] > 0


def test_a_claim_is_as_good_as_its_worst_inequality():
    paper = {"a": 3.0, "b": 2.0, "c": 1.0}
    levels = dict(a=60, b=40, c=50)
    measured = Measured([result(row, (row,), seed, level) for row, level in levels.items() for seed in (0, 1, 2)], 50)
    for texts, verdict in (
        (["a > b", "a > c"], "holds"),
        (["a > b", "b > c"], "fails"),
        (["a > b", "a > d"], "not measured"),
        (["b > c", "a > d"], "fails"),
        (["a > c - 1", "a > b + 20"], "within noise"),
    ):
        (judged,) = judge_claims([Claim("x", "y", tuple(map(parse_inequality, texts)))], paper, measured)
        assert judged.verdict == verdict, texts
    assert judged.paper == (3.0, -19.0)
    (judged,) = judge_claims([Claim("x", "y", (parse_inequality("a > d"), parse_inequality("a > b")))], paper, measured)
    assert judged.paper == (None, 1.0)
    assert [point[:3] for point in points([judged])] == [("x", "holds", 1.0)]


def test_only_seeds_that_all_rows_have_count():
    results = [result("a", ("a",), seed, 60) for seed in (0, 1, 2)] + [result("b", ("b",), seed, 50) for seed in (1, 2)]
    results += [result("b", ("b",), 0, 50, data_seed=7)]
    effect = Measured(results, 50).effect(parse_inequality("a > b"))
    assert effect is not None
    assert effect.seeds == 2
    figures = {(one.run, one.seed): one.figures["J&F"] for one in results if one.data_seed == 0}
    assert effect.mean == pytest.approx(np.mean([figures["a", s] - figures["b", s] for s in (1, 2)]))


def test_every_claims_rows_stand_on_the_page():
    runs, _ = read_runs(ROOT / "configs/study/rows.yaml")
    page = (ROOT / "docs/study/README.md").read_text()
    for run in runs.values():
        for row in run.rows:
            assert f"| {row} | {run.name} |" in page
    for claim in read_claims(ROOT / "docs/study/claims.yaml"):
        assert all(f"| `{one.text}` |" in page for one in claim.inequalities)


def test_a_result_without_single_videos():
    broken = RunResult(**{**RESULTS[0].__dict__, "shares": None})
    with pytest.raises(InputError, match="has no figures of single videos"):
        broken.per_video()
