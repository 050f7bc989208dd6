"""``mmvis study`` from the plan to the page: what is done, repeated, gone on with, refused and left."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running import TOOLS, environment

from mmvis_ext.study import provenance, running
from mmvis_ext.study.results import RunResult, read_results, write_result
from mmvis_ext.testing import CONFIGS, tiny_config

ROWS = """
runs:
  x_start: {rows: []}
  x_full: {start: x_start, rows: [x1-full]}
  x_slow: {weights: x_full, rows: [x1-slow]}
  x_broken: {start: x_start, rows: [x1-broken]}
left_out: {x1-far: too far}
"""
METAFILE = """
Models:
  - In Collection: X
    paper_rows: [{id: x1-full, AP: [30.0, 50.0]}, {id: x1-slow, AP: [20.0, 40.0]}, {id: x1-broken, AP: [10.0, 20.0]}]
"""
CLAIMS = "- {table: x1, says: Full is better., claim: [x1-full > x1-slow, x1-full > x1-broken]}\n"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with a study of three trainings and a test, of two iterations each."""
    data = "{{$STUDY_DATA:data/shapes_vis/claims}}/youtube_vis"
    settings = dict(
        train_cfg=dict(_delete_=True, type="IterBasedTrainLoop", max_iters=2, val_begin=100),
        default_hooks__checkpoint=dict(type="PlainCheckpointHook", by_epoch=False, interval=1, save_best=None),
        default_hooks__logger__interval=1, log_processor=dict(by_epoch=False), param_scheduler=[],
        train_dataloader__sampler__endless=True,
    )  # fmt: skip
    cfg = tiny_config(data, **settings)
    cfg.custom_hooks = [*cfg.custom_hooks, dict(type="SpeedHook")]
    cfg.pop("custom_imports")
    study = tmp_path / "configs/study"
    study.mkdir(parents=True)
    for name in ("x_start", "x_full", "x_slow"):
        cfg.model.visible_thr = dict(x_start=0.0, x_full=0.0, x_slow=0.01)[name]
        cfg.dump(study / f"{name}.py")
    cfg.train_dataloader.dataset.ann_file = "nowhere.json"
    cfg.dump(study / "x_broken.py")
    (study / "rows.yaml").write_text(ROWS)
    (tmp_path / "configs/x").mkdir()
    (tmp_path / "configs/x/metafile.yml").write_text(METAFILE)
    (tmp_path / "docs/study").mkdir(parents=True)
    (tmp_path / "docs/study/claims.yaml").write_text(CLAIMS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUDY_DATA", "")  # the command sets it; undone when the test ends
    return tmp_path


WORDS = ("study", "--preset", "tiny", "--dirty")


def killed(place: Path, checkpoint: str) -> None:
    """Kill the study as soon as a checkpoint is there; the training that it has started ends with it."""
    done = subprocess.Popen([sys.executable, "-m", "mmvis_ext", *WORDS], cwd=place,
                            env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    end = time.monotonic() + 300
    while not list(place.glob(checkpoint)) and done.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    assert list(place.glob(checkpoint)), "the training did not begin"
    done.kill()
    done.wait()
    end = time.monotonic() + 20
    while at_work(place) and time.monotonic() < end:
        time.sleep(0.1)
    assert not at_work(place), "a training outlives the study"


def at_work(place: Path) -> list[int]:
    """The processes in a folder but this one, where the system lists them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone meanwhile, or somebody else's
            if os.readlink(process / "cwd") == str(place) and int(process.name) != os.getpid():
                found.append(int(process.name))
    return found


@pytest.mark.slow
def test_a_training_ends_with_the_study(place, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    config = place / "configs/study/x_start.py"
    config.write_text(config.read_text().replace("max_iters=2", "max_iters=1000000"))
    killed(place, "work_dirs/study/x_start_data0_seed0_*/iter_1.pth")


@pytest.mark.slow
def test_the_whole_way(mmvis, place, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    killed(place, "work_dirs/study/x_start_data0_seed0_*/iter_1.pth")
    assert not read_results(place / "docs/study/results")

    code, out, err = mmvis(*WORDS, "--validations", "1")
    assert "4 runs: 0 are finished, 4 are to be done in about 0.2 hours, 0 are beyond the budget" in out
    assert code == 1, err
    (line,) = (line for line in out.splitlines() if line.startswith("failed: "))
    assert line.startswith("failed: x_broken, seed 0: train failed (")
    assert "nowhere.json" in line
    results = {one.run: one for one in read_results(place / "docs/study/results")}
    assert results.keys() == {"x_start", "x_full", "x_slow"}
    assert [results[name].iterations for name in ("x_start", "x_full", "x_slow")] == [2, 2, 0]
    assert [results[name].resumed for name in ("x_start", "x_full", "x_slow")] == [True, False, False]
    assert results["x_full"].figures["FPS"] > 0
    ((_, learned),) = results["x_full"].learning
    assert learned == pytest.approx(results["x_full"].figures["AP"], abs=0.01)
    assert not results["x_start"].learning
    assert not results["x_slow"].learning
    assert results["x_start"].figures == {}
    assert results["x_full"].per_video().videos == [1, 2]
    assert f"{results['x_full'].seconds:.0f} s" in out
    page = (place / "docs/study/README.md").read_text()
    assert "| `x1-full > x1-slow` | +10.0 |" in page
    assert (place / "docs/study/effects.png").exists()

    # nothing that is finished is done again, and the page comes from the results alone
    before = {path: path.stat().st_mtime_ns for path in place.glob("docs/study/results/*")}
    shutil.rmtree(place / "work_dirs")
    code, out, _ = mmvis(*WORDS, "--rows", "x1-full", "x1-slow")
    assert code == 0
    assert "3 runs: 3 are finished, 0 are to be done" in out
    assert {path: path.stat().st_mtime_ns for path in place.glob("docs/study/results/*")} == before
    assert (place / "docs/study/README.md").read_text() == page


def test_on_a_gpu_the_study_stops_in_time_and_writes_the_page(place):
    command = ["bash", TOOLS / "gpu_study.sh", *WORDS[1:]]
    variables = environment() | dict(PYTHON=sys.executable, JOBS="2", LIMIT="1")
    done = subprocess.run(command, cwd=place, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "docs/study/README.md: written from all results" in done.stdout
    assert "the time is over; call again to go on" in done.stdout
    assert (place / "docs/study/README.md").exists()
    assert not at_work(place)
    variables["LIMIT"] = "60"
    refused = subprocess.run([*command, "--seeds", "x"], cwd=place, env=variables, capture_output=True, check=False)
    assert refused.returncode == 2


@pytest.fixture
def fake(monkeypatch):
    """Replaces runs by results that take no time; returns the names of the runs that were done."""
    done: list[str] = []

    def do(task, where) -> RunResult:
        done.append(task.name)
        result = RunResult(
            task.run.name, task.run.rows, task.seed, where.data_seed, task.config_hash, "1", "2",
            provenance.machine()[0], 2, where.jobs, 1000.0, 0 if task.run.weights else 3, False, {}, None,
        )  # fmt: skip
        write_result(where.results, result)
        weights = where.folder(task.run.name, task.seed)
        weights.mkdir(parents=True, exist_ok=True)
        (weights / "iter_3.pth").touch()
        return result

    monkeypatch.setattr(running, "do_task", do)
    monkeypatch.setattr("mmvis_ext.shapes_vis.generate", lambda *_, **__: None)
    return done


def test_a_run_that_does_not_fit_the_budget_is_not_begun(mmvis, place, fake):
    code, out, _ = mmvis(*WORDS, "--budget", "0.1", "--rows", "x1-full", "--seeds", 0, 1)
    # both runs were guessed to take 180 of the 360 s; the first took 1000
    assert fake == ["x_start, seed 0"]
    assert "the budget is spent: 3 runs are left, x_full, seed 0 first; call again to go on" in out
    assert code == 0
    mmvis(*WORDS, "--rows", "x1-full", "--seeds", 0, 1)
    assert fake == ["x_start, seed 0", "x_full, seed 0", "x_start, seed 1", "x_full, seed 1"]


def test_weights_that_are_gone_are_learned_again(mmvis, place, fake):
    mmvis(*WORDS, "--rows", "x1-full")
    shutil.rmtree(place / "work_dirs")
    mmvis(*WORDS, "--rows", "x1-full")
    assert fake == ["x_start, seed 0", "x_full, seed 0"], "nobody needs them"
    mmvis(*WORDS, "--rows", "x1-full", "x1-slow")
    assert fake[2:] == ["x_start, seed 0", "x_full, seed 0", "x_slow, seed 0"]


def test_each_data_seed_has_its_own_data_and_results(mmvis, place, fake):
    for seed, folder in ((0, "tiny"), (7, "tiny-seed7")):
        mmvis(*WORDS, "--rows", "x1-full", "--data-seed", seed)
        assert os.environ["STUDY_DATA"] == f"data/shapes_vis/{folder}"
    assert len(fake) == 4
    assert {(one.run, one.data_seed) for one in read_results(place / "docs/study/results")} == {
        (run, seed) for run in ("x_start", "x_full") for seed in (0, 7)
    }


def test_uncommitted_code_is_refused_or_marked(mmvis, place, fake, monkeypatch):
    monkeypatch.setattr(provenance, "code_version", lambda: ("1 abc-dirty", True))
    code, _, err = mmvis("study", "--preset", "tiny")
    assert code == 1
    assert "has changes that are not committed" in err
    assert not fake
    assert mmvis("study", "--preset", "tiny", "--dirty", "--rows", "x1-full")[0] == 0
    assert len(fake) == 2


def test_the_code_version_marks_changes_of_code_alone(tmp_path):
    def git(*words: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True, capture_output=True)

    assert provenance.code_version(tmp_path) == (provenance.code_version(tmp_path)[0], False)
    (tmp_path / "mmvis_ext").mkdir()
    (tmp_path / "mmvis_ext/a.py").write_text("1")
    git("init")
    git("add", ".")
    git("commit", "-m", "a")
    version, dirty = provenance.code_version(tmp_path)
    assert not dirty
    assert len(version.split()) == 2
    (tmp_path / "result.json").write_text("1")
    assert provenance.code_version(tmp_path) == (version, False)
    (tmp_path / "mmvis_ext/a.py").write_text("2")
    assert provenance.code_version(tmp_path) == (f"{version}-dirty", True)


def test_a_dry_run_does_nothing(mmvis, place, fake):
    code, out, _ = mmvis(*WORDS, "--dry-run", "--jobs", 2, "--seeds", 0, 1, 1)
    assert code == 0
    assert "8 runs: 0 are finished, 8 are to be done" in out
    assert not fake
    assert not (place / "docs/study/README.md").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--jobs", 0), "--jobs 0: at least one run at a time; give 1 or more."),
        (("--budget", -1), "--budget -1: no run ends in this time; give hours above 0."),
        (("--validations", -1), "--validations -1: cannot be below 0; give the number of each training."),
        (("--budget", "nan"), "'nan' is no finite number"),
        (("--seeds", -1), "'-1' is no whole number from 0 to"),
        (("--rows", "x9-none"), "'x9-none' fits no row of the study; take one of x1-broken, x1-full, x1-slow."),
        (("--tables", "x9"), "'x9' fits no row of the study; take one of x1."),
        (("--systems", "Y"), "'Y' fits no row of the study; take one of X."),
        (("--preset", "none"), "ShapesVIS has no preset 'none'"),
        (("--configs", "nowhere"), "nowhere"),
    ],
)
def test_bad_arguments_end_in_one_sentence(mmvis, place, words, said):
    code, _, err = mmvis("study", "--dirty", *words)
    assert code == (2 if "usage: " in err else 1)
    assert said in err
    assert "Traceback" not in err
    assert not (place / "work_dirs").exists()


def test_the_study_of_this_project_is_planned(mmvis, tmp_path):
    shutil.copy(CONFIGS.parent / "docs/study/claims.yaml", tmp_path)
    words = ("study", "--configs", CONFIGS, "--study", tmp_path, "--tables", "e1e", "--dry-run")
    code, out, _ = mmvis(*words)
    assert code == 0
    assert [line.split(",")[0] for line in out.splitlines()[:-1]] == [
        "efficientvis_start", "efficientvis_t9", "efficientvis_t9-wo-cl",
    ]  # fmt: skip


def test_a_result_is_one_line_per_field(mmvis, place, fake):
    mmvis(*WORDS, "--rows", "x1-full")
    lines = (place / "docs/study/results/x_full_data0_seed0.json").read_text().splitlines()
    assert len(lines) == 2 + len(json.loads("\n".join(lines)))
