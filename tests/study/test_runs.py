"""The rows of the papers' tables, each with one run or a reason to have none."""

import threading
from pathlib import Path

import pytest
from mmengine.config import Config

from mmvis_ext.study.plan import TRAINING_SECONDS, Task, affordable, expected_seconds, tasks_of, unfinished
from mmvis_ext.study.results import RunResult, config_hash, read_results, write_result
from mmvis_ext.study.running import OverBudget, _validated, do_all
from mmvis_ext.study.runs import StudyRun, chosen, paper_figures, read_runs
from mmvis_ext.utils.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
RUNS, LEFT_OUT = read_runs(ROOT / "configs/study/rows.yaml")
FIGURES, SYSTEMS = paper_figures(ROOT / "configs", RUNS)


def test_every_row_of_the_papers_has_a_run_or_a_reason():
    rows = {row for run in RUNS.values() for row in run.rows}
    baselines = {row for row in rows if "_ytvis2019" in row}
    papers = {row for row in SYSTEMS if "_" not in row}
    assert (rows - baselines) | set(LEFT_OUT) == papers
    # the paper of Mask2Former-VIS gives none for this data
    assert {row.partition(":")[0] for row in rows - FIGURES.keys()} == {"mask2former-vis_r50_ytvis2019"}


def test_a_row_with_a_word_after_a_colon_has_the_figures_of_the_row_before_it():
    assert FIGURES["masktrack-rcnn_r50_ytvis2019:long"] == FIGURES["masktrack-rcnn_r50_ytvis2019"] == 30.3
    (run,) = chosen(RUNS, SYSTEMS, rows=["masktrack-rcnn_r50_ytvis2019:long"])
    assert run.name == "masktrack-rcnn_long"
    assert run in chosen(RUNS, SYSTEMS, only_systems=["MaskTrack R-CNN"])


def test_every_config_is_a_run():
    assert {path.stem for path in (ROOT / "configs/study").glob("*.py")} == RUNS.keys()


def test_a_choice_brings_what_it_needs():
    names = [run.name for run in chosen(RUNS, SYSTEMS, rows=["e1h-1p5fps"])]
    assert names == ["efficientvis_start", "efficientvis_t9", "efficientvis_t9-1p5fps"]
    assert {run.name for run in chosen(RUNS, SYSTEMS, tables=["s1"])} == {"srnet", "srnet_dice"}
    assert all("srnet" in run.name for run in chosen(RUNS, SYSTEMS, only_systems=["SRNet"]))
    assert chosen(RUNS, SYSTEMS) == list(RUNS.values())
    with pytest.raises(InputError, match="'e9' fits no row of the study"):
        chosen(RUNS, SYSTEMS, tables=["e9"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("runs: {}", "has not the keys 'runs' and 'left_out' alone"),
        ("runs: {a: {}}\nleft_out: {}", "needs 'rows'"),
        ("runs: {a: {rows: [], start: b}}\nleft_out: {}", "needs 'b', which does not stand before it"),
        ("runs: {c: {rows: []}}\nleft_out: {}", "has no config"),
        ("runs: {a: {rows: [x]}}\nleft_out: {x: no}", "the row 'x' stands twice"),
    ],
)
def test_a_broken_file(text, said, tmp_path):
    (tmp_path / "a.py").write_text("")
    (tmp_path / "rows.yaml").write_text(text)
    with pytest.raises(InputError, match=said):
        read_runs(tmp_path / "rows.yaml")


def task(name: str, needs: str | None = None) -> Task:
    return Task(StudyRun(name, Path(f"{name}.py"), (), start=needs), 0, "0")


def test_a_failure_stops_what_needs_it_and_nothing_else():
    done = []

    def do(one: Task) -> None:
        if one.run.name == "b":
            raise InputError("broken.")
        done.append(one.run.name)

    tasks = [task("a"), task("b", "a"), task("c", "b"), task("d", "a")]
    failures, late = do_all(tasks, 2, do)
    assert failures == {"b, seed 0": "broken.", "c, seed 0": "not started, since b failed."}
    assert not late
    assert sorted(done) == ["a", "d"]
    assert done[0] == "a"


def test_what_does_not_fit_the_budget_is_late_with_what_needs_it():
    done = []

    def do(one: Task) -> None:
        if one.run.name == "b":
            raise OverBudget
        done.append(one.run.name)

    failures, late = do_all([task("a"), task("b"), task("c", "b"), task("d", "a")], 1, do)
    assert not failures
    assert late == ["b, seed 0", "c, seed 0"]
    assert done == ["a", "d"]


def result(name: str, hash_: str, seconds: float = 1.5, iterations: int = 3, jobs: int = 1) -> RunResult:
    return RunResult(name, ("x",), 0, 0, hash_, "1", "2", "cpu", 2, jobs, seconds, iterations, False, {"AP": 1.0}, None)


def test_a_run_takes_what_its_like_took():
    training, tested = StudyRun("a_x", Path("x.py"), ()), StudyRun("a_y", Path("y.py"), (), weights="a_x")
    known = [result("a_x", "1", 10), result("a_x", "2", 30), result("a_z", "1", 50), result("a_w", "1", 5, 0)]
    assert expected_seconds(training, known, ("cpu", 2), 1) == 20
    assert expected_seconds(training, known[2:], ("cpu", 2), 1) == 50
    assert expected_seconds(tested, known, ("cpu", 2), 1) == 5
    # without any, by the cores that each run has: one that has half as many takes twice as long
    for machine, jobs, factor in ((("gpu", 2), 1, 1), (("cpu", 2), 2, 2), (("gpu", 16), 8, 1), (("gpu", 16), 16, 2)):
        assert expected_seconds(training, known, machine, jobs) == factor * TRAINING_SECONDS


def always(_: Task) -> int:
    return 3


def test_a_finished_run_whose_weights_are_gone_is_repeated_only_where_they_are_needed():
    start, trained = StudyRun("start", Path("x.py"), ()), StudyRun("a", Path("a.py"), ("x",), start="start")
    tested = StudyRun("b", Path("b.py"), ("y",), weights="a")
    tasks = tasks_of([start, trained, tested], [0], dict(start="1", a="2", b="3"))

    def left(finished: str, kept: str, steps: int = 3) -> list[str]:
        results = [
            result(one, one_hash)
            for one, one_hash in zip(("start", "a", "b"), "123", strict=True)
            if one in finished.split()
        ]
        return [
            one.run.name for one in unfinished(tasks, 0, results, lambda task: steps * (task.run.name in kept.split()))
        ]

    assert left("start a b", "") == []
    assert left("start a", "a") == ["b"]
    assert left("start a", "start a", steps=2) == ["start", "a", "b"], "killed when they were learned again"
    assert left("start a", "start") == ["a", "b"]
    assert left("start a", "") == ["start", "a", "b"]
    assert left("start", "") == ["start", "a", "b"]
    assert left("start b", "start") == ["a"]
    assert left("b", "start") == ["start", "a"]


def test_a_finished_run_is_not_repeated_unless_its_config_changed(tmp_path):
    runs = [StudyRun("a", Path("a.py"), ()), StudyRun("b", Path("b.py"), ())]
    tasks = tasks_of(runs, [0, 1], dict(a="1", b="2"))
    assert [one.name for one in tasks] == ["a, seed 0", "b, seed 0", "a, seed 1", "b, seed 1"]
    for one in (result("a", "1"), result("b", "old")):
        write_result(tmp_path, one)
    assert read_results(tmp_path) == [result("a", "1"), result("b", "old")]
    left = unfinished(tasks, 0, read_results(tmp_path), always)
    assert len(unfinished(tasks, 1, read_results(tmp_path), always)) == 4
    assert [one.name for one in left] == ["b, seed 0", "a, seed 1", "b, seed 1"]
    assert affordable(left, dict(a=10.0, b=20.0), 2, 15) == left[:2]
    assert affordable(left, dict(a=10.0, b=20.0), 2, None) == left


def test_a_broken_result(tmp_path):
    (tmp_path / "a_data0_seed0.json").write_text("{}")
    with pytest.raises(InputError, match="is not the result of a run"):
        read_results(tmp_path)


def test_the_hash_changes_with_what_the_result_depends_on():
    assert len({config_hash({"a": 1}, 0, None), config_hash({"a": 2}, 0, None), config_hash({"a": 1}, 1, None),
                config_hash({"a": 1}, 0, "x")}) == 4  # fmt: skip
    assert config_hash({"a": 1, "b": 2}, 0, None) == config_hash({"b": 2, "a": 1}, 0, None)


def test_a_task_that_must_wait_is_overtaken():
    begun, gate = [], threading.Event()

    def do(one: Task) -> None:
        begun.append(one.run.name)
        if one.run.name == "a":
            assert gate.wait(20), "c did not begin while a was under way"
        if one.run.name == "c":
            gate.set()

    failures, late = do_all([task("a"), task("b", "a"), task("c")], 2, do)
    assert (failures, late) == ({}, [])
    assert begun == ["a", "c", "b"]


@pytest.mark.parametrize(("times", "at"), [(5, [400, 800, 1200, 1600, 2000]), (3, [667, 1334, 2000]), (1, [2000])])
def test_a_training_is_validated_as_often_as_asked_for(times, at):
    cfg = Config.fromfile(RUNS["vistr"].config)
    assert cfg.train_cfg.max_iters == 2000
    options = dict(option.split("=") for option in _validated(RUNS["vistr"], times))
    begin, interval = (int(options[f"train_cfg.{name}"]) for name in ("val_begin", "val_interval"))
    # as mmengine's IterBasedTrainLoop does
    assert [i for i in range(1, 2001) if i >= begin and (i % interval == 0 or i == 2000)] == at


def test_starts_and_tests_are_not_validated():
    assert not any(_validated(RUNS[name], 5) for name in ("inspro_start", "inspro_bank9"))
    assert not _validated(RUNS["inspro"], 0)
