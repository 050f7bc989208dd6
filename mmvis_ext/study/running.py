"""Runs as processes of their own: training, test, and the JSON file that they leave."""

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import read_file
from mmvis_ext.utils.parallel import PARENT

from .clock import Clock
from .plan import Task
from .provenance import code_version, machine
from .results import RunResult, config_hash, write_result
from .runs import StudyRun

__all__ = ["OverBudget", "Place", "do_all", "do_task", "hashes_of"]


class OverBudget(Exception):
    """A run was not begun, since it does not fit the budget any more."""


@dataclass(frozen=True)
class Place:
    """Where and how a study is done.

    Attributes:
        results: folder of the JSON files.
        work: folder of logs and checkpoints.
        data_seed: of ShapesVIS.
        hashes: of the configs, by the runs' names.
        jobs: runs side by side.
        threads: of each run.
        options: further ``--cfg-options`` of every run, which are part of the configs' hashes.
        validations: of each training, for its figure over time; they are no part of the hashes.
    """

    results: Path
    work: Path
    data_seed: int
    hashes: dict[str, str]
    jobs: int = 1
    threads: int = 1
    options: tuple[str, ...] = ()
    validations: int = 0

    def folder(self, run: str, seed: int) -> Path:
        """Of a run's logs and checkpoints; another config has another folder, so its training is not gone on with."""
        return self.work / f"{run}_data{self.data_seed}_seed{seed}_{self.hashes[run][:8]}"

    def learned(self, task: Task) -> int:
        """The iterations of a training's last checkpoint, 0 if it has none."""
        from mmvis_ext.engine.checkpoints import latest_checkpoint

        path = latest_checkpoint(self.folder(task.run.name, task.seed))
        return 0 if path is None else _iterations(path)


def hashes_of(runs: Sequence[StudyRun], data_seed: int, options: Sequence[str] = ()) -> dict[str, str]:
    """The hash of each run's config by its name.

    Args:
        runs: each after the one that it needs.
        data_seed: of ShapesVIS.
        options: see :class:`Place`.
    """
    from mmengine.config import Config

    hashes: dict[str, str] = {}
    for run in runs:
        config = dict(Config.fromfile(run.config).to_dict(), options=list(options))
        hashes[run.name] = config_hash(config, data_seed, hashes[run.needs] if run.needs else None)
    return hashes


def do_all(tasks: Sequence[Task], jobs: int, do: Callable[[Task], Any]) -> tuple[dict[str, str], list[str]]:
    """Do tasks side by side, each after the one that it needs; one that must wait is overtaken by those after it.

    Args:
        tasks: each after the one that it needs; one that is needed and not among them is finished.
        jobs: tasks at a time.
        do: does one; raises :class:`OverBudget` where there is no time for it.

    Returns:
        What went wrong, by the names of the failed tasks and of those that need them; and the names of the tasks for
        which there was no time, and of those that need them.
    """
    waiting = list(tasks)
    running: dict[Future, Task] = {}
    errors: dict[Task, BaseException | None] = {}
    with ThreadPoolExecutor(jobs) as pool:
        while waiting or running:
            for task in list(waiting):
                needed = next((one for one in tasks if (one.run.name, one.seed) == (task.run.needs, task.seed)), None)
                if len(running) == jobs or needed in waiting or needed in running.values():
                    continue
                waiting.remove(task)
                error = errors.get(needed) if needed else None
                if error is None:
                    running[pool.submit(do, task)] = task
                else:
                    late = isinstance(error, OverBudget)
                    errors[task] = error if late else InputError(f"not started, since {task.run.needs} failed.")
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                errors[running.pop(future)] = future.exception()
    failures = {one.name: str(errors[one]) for one in tasks if errors[one] and not isinstance(errors[one], OverBudget)}
    return failures, [one.name for one in tasks if isinstance(errors[one], OverBudget)]


def do_task(task: Task, place: Place) -> RunResult:
    """Train, or go on with a training that was killed, then test; writes the result and returns it.

    Raises:
        InputError: a process failed; names its log.
    """
    from mmvis_ext.engine.checkpoints import latest_checkpoint

    run, work = task.run, place.folder(task.run.name, task.seed)
    work.mkdir(parents=True, exist_ok=True)
    clock = Clock(work)
    resumed = latest_checkpoint(work) is not None
    if run.weights is None:
        start = [] if run.start is None else [f"load_from={_weights(place, run.start, task.seed)}"]
        _mmvis(work, place, "train", run.config, "--work-dir", work, "--seed", task.seed, "--resume", "auto",
               *_options(*place.options, *start, *_validated(run, place.validations)))  # fmt: skip
    weights = _weights(place, run.weights or run.name, task.seed)
    content = _test(run, weights, work, place) if run.rows else dict(figures={}, shares=None)
    content["learning"] = _learning(task, place, content["figures"])
    result = _result(task, place, clock.seconds(), resumed and run.weights is None, weights, content)
    write_result(place.results, result)
    return result


def _test(run: StudyRun, weights: Path, work: Path, place: Place) -> dict[str, Any]:
    """Test; returns the figures and shares."""
    shares = work / "shares.json"
    _mmvis(work, place, "test", run.config, weights, "--work-dir", work / "test",
           *_options(*place.options, f"test_evaluator.shares_file={shares}"))  # fmt: skip
    content = json.loads(read_file(shares))
    speed = json.loads(read_file(work / "test/speed.json"))
    return dict(content, figures=dict(content["figures"], FPS=round(speed["FPS"], 2)))


def _result(
    task: Task, place: Place, seconds: float, resumed: bool, weights: Path, content: dict[str, Any]
) -> RunResult:
    import torch

    name, cores = machine()
    iterations = 0 if task.run.weights else _iterations(weights)
    return RunResult(
        run=task.run.name, rows=task.run.rows, seed=task.seed, data_seed=place.data_seed,
        config_hash=task.config_hash, code=code_version()[0], torch=torch.__version__, machine=name, cores=cores,
        jobs=place.jobs, seconds=round(seconds, 1), iterations=iterations, resumed=resumed, **content,
    )  # fmt: skip


def _iterations(checkpoint: Path) -> int:
    return int(checkpoint.stem.removeprefix("iter_"))


def _weights(place: Place, run: str, seed: int) -> Path:
    from mmvis_ext.engine.checkpoints import latest_checkpoint

    folder = place.folder(run, seed)
    path = latest_checkpoint(folder)
    if path is None:
        raise InputError(f"{folder}: has no checkpoint of {run} any more; call again, and it is trained again.")
    return path


def _validated(run: StudyRun, times: int) -> list[str]:
    """Options with which a training is validated as often, for the last time at its end; none for starts and tests."""
    from mmengine.config import Config

    if not times or not run.rows or run.weights:
        return []
    every = math.ceil(Config.fromfile(run.config).train_cfg.max_iters / times)  # it is validated at its end as well
    return [f"train_cfg.val_begin={every}", f"train_cfg.val_interval={every}"]


def _learning(task: Task, place: Place, figures: Mapping[str, float]) -> tuple[tuple[float, float], ...]:
    """See :class:`RunResult`; nothing, and a word about it, where logs are gone or nothing could be measured."""
    from mmvis_ext.engine.learning import read_learning

    if not _validated(task.run, place.validations):
        return ()
    folders = [place.folder(name, task.seed) for name in (task.run.start, task.run.name) if name]
    try:
        curve = read_learning(task.run.name, folders, next(name for name in ("AP", "J&F") if name in figures))
    except InputError as error:
        print(f"{task.name}: is not drawn over time: {error}", flush=True)
        return ()
    return tuple((round(at, 2), round(value, 2)) for at, value in zip(curve.minutes, curve.figures, strict=True))


def _options(*pairs: str) -> list[str]:
    return ["--cfg-options", *pairs] if pairs else []


def _mmvis(work: Path, place: Place, *words: object) -> None:
    """Run a command of ``mmvis`` in a process of its own, which ends with this one, with its output in a log."""
    log = work / f"{words[0]}.log"
    variables = os.environ | {"OMP_NUM_THREADS": str(place.threads), PARENT: str(os.getpid())}
    command = [sys.executable, "-m", "mmvis_ext", *map(str, words)]
    with open(log, "w") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, env=variables, check=False)
    if done.returncode:
        last = (log.read_text().strip().splitlines() or ["it said nothing"])[-1]
        raise InputError(f"{words[0]} failed ({last.removeprefix('error: ')}); see {log}.")
