"""Runs as processes of their own: training, test, and the JSON file that they leave."""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import read_file

from .plan import Task
from .results import RunResult, config_hash, write_result
from .runs import StudyRun

__all__ = ["Place", "do_all", "do_task", "hashes_of", "machine"]


@dataclass(frozen=True)
class Place:
    """Where a study is done.

    Attributes:
        results: folder of the JSON files.
        work: folder of logs and checkpoints.
        data_seed: of ShapesVIS.
        threads: of each run.
        options: further ``--cfg-options`` of every run, which are part of the configs' hashes.
    """

    results: Path
    work: Path
    data_seed: int
    threads: int
    options: tuple[str, ...] = ()


def machine() -> tuple[str, int]:
    """Name of the GPU, or of the CPU where there is none, and the CPU's cores."""
    import torch

    cores = os.cpu_count() or 1
    if torch.cuda.is_available():
        return torch.cuda.get_device_name(), cores
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0], cores


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


def do_all(tasks: Sequence[Task], jobs: int, do: Callable[[Task], Any]) -> dict[str, str]:
    """Do tasks side by side, each after the one that it needs.

    Args:
        tasks: each after the one that it needs; one that is needed and not among them is finished.
        jobs: tasks at a time.
        do: does one.

    Returns:
        What went wrong, by the names of the failed tasks and of those that need them.
    """
    futures: dict[tuple[str, int], Future] = {}
    failures: dict[str, str] = {}

    def after(task: Task, needed: Future | None) -> None:
        # what is needed was submitted before and so has begun: nobody waits for ever
        if needed is not None and needed.exception() is not None:
            raise InputError(f"not started, since {task.run.needs} failed.")
        do(task)

    with ThreadPoolExecutor(jobs) as pool:
        for task in tasks:
            needed = futures.get((task.run.needs, task.seed)) if task.run.needs else None
            futures[task.run.name, task.seed] = pool.submit(after, task, needed)
    for task in tasks:
        error = futures[task.run.name, task.seed].exception()
        if error is not None:
            failures[task.name] = str(error)
    return failures


def do_task(task: Task, place: Place) -> RunResult:
    """Train, or go on with a training that was killed, then test; writes the result and returns it.

    Raises:
        InputError: a process failed; names its log.
    """
    import json

    from mmvis_ext.engine.checkpoints import latest_checkpoint

    started, run = time.monotonic(), task.run
    work = place.work / f"{run.name}_seed{task.seed}"
    work.mkdir(parents=True, exist_ok=True)
    resumed = latest_checkpoint(work) is not None
    if run.weights is None:
        start = [] if run.start is None else [f"load_from={_weights(place, run.start, task.seed)}"]
        _mmvis(work, place, "train", run.config, "--work-dir", work, "--seed", task.seed, "--resume", "auto",
               *_options(*place.options, *start))  # fmt: skip
    weights = _weights(place, run.weights or run.name, task.seed)
    content: dict[str, Any] = dict(figures={}, shares=None)
    if run.rows:
        shares = work / "shares.json"
        _mmvis(work, place, "test", run.config, weights, "--work-dir", work / "test",
               *_options(*place.options, f"test_evaluator.shares_file={shares}"))  # fmt: skip
        content = json.loads(read_file(shares))
    result = _result(task, place, time.monotonic() - started, resumed and run.weights is None, weights, content)
    write_result(place.results, result)
    return result


def _result(
    task: Task, place: Place, seconds: float, resumed: bool, weights: Path, content: dict[str, Any]
) -> RunResult:
    import torch

    name, cores = machine()
    iterations = 0 if task.run.weights else int(weights.stem.removeprefix("iter_"))
    return RunResult(
        run=task.run.name, rows=task.run.rows, seed=task.seed, data_seed=place.data_seed,
        config_hash=task.config_hash, code=_code(), torch=torch.__version__, machine=name, cores=cores,
        seconds=round(seconds, 1), iterations=iterations, resumed=resumed, **content,
    )  # fmt: skip


def _weights(place: Place, run: str, seed: int) -> Path:
    from mmvis_ext.engine.checkpoints import latest_checkpoint

    folder = place.work / f"{run}_seed{seed}"
    path = latest_checkpoint(folder)
    if path is None:
        raise InputError(f"{folder}: has no checkpoint any more; remove the result of {run}, and it is trained again.")
    return path


def _options(*pairs: str) -> list[str]:
    return ["--cfg-options", *pairs] if pairs else []


def _mmvis(work: Path, place: Place, *words: object) -> None:
    """Run a command of ``mmvis`` in a process of its own, with its output in a log."""
    log = work / f"{words[0]}.log"
    variables = os.environ | {"OMP_NUM_THREADS": str(place.threads)}
    command = [sys.executable, "-m", "mmvis_ext", *map(str, words)]
    with open(log, "w") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, env=variables, check=False)
    if done.returncode:
        last = (log.read_text().strip().splitlines() or ["it said nothing"])[-1]
        raise InputError(f"{words[0]} failed ({last.removeprefix('error: ')}); see {log}.")


def _code() -> str:
    """Version and commit of this package."""
    from mmvis_ext.version import __version__

    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return __version__
    return f"{__version__} {done.stdout.strip()}".strip()
