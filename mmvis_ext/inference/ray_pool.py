"""Many videos on a Ray cluster: they are a data set of Ray Data, and a pool of workers with the model goes through it.

Ray starts workers, gives each video to a free one, starts another worker where one is killed, and gives its video out
again. A worker writes the results itself. Videos, checkpoint and results are at paths that all machines see.
"""

import os
import pickle
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.interrupts import Stop

from .frame_result import Choice
from .inferencer import VISInferencer
from .many import Job, Summary, attempt, done_before, run_job
from .ray_cluster import pool_size, quiet
from .video_run import VideoReport, VideoRun

__all__ = ["Recipe", "run_jobs_on_ray"]

TRIES = 3  # of a video that takes its worker down
PATIENCE = 1.0  # seconds between a worker's questions whether to stop


@dataclass(frozen=True)
class Recipe:
    """How a worker makes its :class:`VideoRun`.

    Attributes:
        config: of the model.
        checkpoint: its path.
        kinds: what is written, names of ``OUTPUTS``.
        choice: which tracks are kept.
        device: ``cpu`` or ``cuda``; by default the GPU that Ray gives to the worker, if there is one.
        half: see :class:`VISInferencer`.
        compile: see :class:`VISInferencer`.
    """

    config: Config
    checkpoint: str | Path
    kinds: list[str]
    choice: Choice
    device: str | None = None
    half: bool = False
    compile: bool = False

    def make(self) -> VideoRun:
        """Load the model.

        Raises:
            InputError: see :class:`VISInferencer`.
        """
        inferencer = VISInferencer(self.config, self.checkpoint, self.device, self.half, self.compile)
        return VideoRun(inferencer, self.kinds, self.choice)


def run_jobs_on_ray(
    jobs: list[Job],
    recipe: Recipe,
    stop: Stop,
    workers: int | None = None,
    redo: bool = False,
    tell: Callable[[Job, VideoReport | str | None], Any] = lambda *_: None,
) -> Summary:
    """Run many videos on the cluster that this process is connected to.

    Args:
        jobs: the videos.
        recipe: of the workers.
        stop: is passed on to the workers, which then close the videos in hand.
        workers: how many; by default one for each GPU, and without GPUs one for every four cores of a machine.
        redo: also what was done before.
        tell: see :func:`run_jobs`.

    Raises:
        InputError: a worker cannot load the model.
    """
    summary = Summary()
    todo: dict[str, Job] = {}
    for job in jobs:
        if not redo and done_before(job):
            summary.before.append(job.name)
            tell(job, None)
        else:
            todo[job.name] = job
    for name, outcome in _outcomes(list(todo.values()), recipe, stop, workers):
        tell(todo[name], outcome)
        summary.add(todo[name], outcome)
    summary.interrupted = stop.asked
    return summary


def _outcomes(
    jobs: list[Job], recipe: Recipe, stop: Stop, workers: int | None
) -> Iterator[tuple[str, VideoReport | str]]:
    """Name and outcome of each job that was begun, as it ends."""
    if not jobs or stop.asked:
        return
    import ray.data

    count, cpus, gpus = pool_size(workers, recipe.device == "cpu")
    size: Any = dict(min_size=1, initial_size=min(count, len(jobs)), max_size=count)
    desk = _open_desk()
    worker: Any = _Worker
    with quiet(), _passing_on(stop, desk):
        packed = [dict(job=pickle.dumps(job)) for job in jobs]
        videos = ray.data.from_items(packed, override_num_blocks=len(jobs)).map(
            worker,
            fn_constructor_args=(recipe, desk, os.getcwd()),
            compute=ray.data.ActorPoolStrategy(**size, max_tasks_in_flight_per_actor=1),
            num_cpus=cpus,
            num_gpus=gpus,
        )
        videos.context.enable_progress_bars = False
        try:
            # no prefetching: each outcome as soon as it is there
            for batch in videos.iter_batches(batch_size=1, prefetch_batches=0, batch_format="pyarrow"):
                name, outcome = pickle.loads(batch["ended"][0].as_py())
                if outcome is not None:
                    yield name, outcome
        except ray.exceptions.RayActorError as error:
            raise InputError(f"a worker could not begin: {_cause(error)}") from None


class _Worker:
    """Has the model, and runs one video after the other."""

    def __init__(self, recipe: Recipe, desk: Any, folder: str) -> None:
        if os.path.isdir(folder):
            os.chdir(folder)  # where relative paths begin
        self.run, self.desk, self.stop = recipe.make(), desk, _AskedStop(desk)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        job = pickle.loads(row["job"])
        return dict(ended=pickle.dumps((job.name, self.outcome(job))))

    def outcome(self, job: Job) -> VideoReport | str | None:
        """The report of a job, why it failed, or ``None`` if it was not begun."""
        import ray

        if self.stop.asked:
            return None
        if ray.get(self.desk.begun.remote(job.name)) > TRIES:
            return f"{job.source}: took its worker down {TRIES} times; see whether its machine has enough memory."
        return attempt(lambda job: run_job(self.run, job, self.stop), job)


def _open_desk() -> Any:
    """What all workers can ask, in a process of its own."""
    import ray

    class Desk:  # in a function, Ray sends its code, and its process need not load this module with torch
        def __init__(self) -> None:
            self.asked, self.tries = False, dict[str, int]()

        def ask_to_stop(self) -> None:
            self.asked = True

        def asked_to_stop(self) -> bool:
            return self.asked

        def begun(self, name: str) -> int:
            """Note that a job begins; returns how many times it did."""
            self.tries[name] = self.tries.get(name, 0) + 1
            return self.tries[name]

    return ray.remote(Desk).options(num_cpus=0, max_restarts=-1, max_task_retries=-1).remote()  # type: ignore[attr-defined]


class _AskedStop(Stop):
    """The :class:`Stop` of a worker, which asks the desk, but not at every frame."""

    def __init__(self, desk: Any) -> None:
        self.desk, self.answer, self.time = desk, False, float("-inf")

    @property
    def asked(self) -> bool:  # type: ignore[override]
        """The latest answer."""
        import ray

        if not self.answer and time.monotonic() - self.time >= PATIENCE:
            self.answer = ray.get(self.desk.asked_to_stop.remote())
            self.time = time.monotonic()
        return self.answer


@contextmanager
def _passing_on(stop: Stop, desk: Any) -> Iterator[None]:
    """Tell the desk when somebody asks to stop."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            if stop.asked:
                desk.ask_to_stop.remote()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _cause(error: Exception) -> str:
    """The sentence of the :class:`InputError` that Ray reports as text, else the text's last line."""
    said = re.findall(r"InputError: (.*)", str(error)) or str(error).strip().splitlines()
    return said[-1]
