"""What is to be done, in which order, and how long it takes."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from .results import RunResult
from .runs import StudyRun

__all__ = ["Task", "affordable", "expected_seconds", "tasks_of", "unfinished"]

TRAINING_SECONDS = 270.0
"""The time on two quiet cores for a training and its test, where nothing of the kind is finished yet."""
TEST_SECONDS = 30.0
"""The same for a test alone."""


@dataclass(frozen=True)
class Task:
    """A run with a seed.

    Attributes:
        run: the run.
        seed: of the training.
        config_hash: see :func:`.results.config_hash`.
    """

    run: StudyRun
    seed: int
    config_hash: str

    @property
    def name(self) -> str:
        """Run and seed in words."""
        return f"{self.run.name}, seed {self.seed}"


def tasks_of(runs: Sequence[StudyRun], seeds: Iterable[int], hashes: dict[str, str]) -> list[Task]:
    """All runs with the first seed, then with the next one: who stops early has whole seeds.

    Args:
        runs: each after the one that it needs.
        seeds: of the trainings.
        hashes: of the configs, by the runs' names.
    """
    return [Task(run, seed, hashes[run.name]) for seed in seeds for run in runs]


def expected_seconds(run: StudyRun, results: Sequence[RunResult], machine: tuple[str, int], jobs: int) -> float:
    """How long a run takes: the median of its finished seeds on this machine, else of its system's runs, else a guess.

    Args:
        run: the run.
        results: of finished runs.
        machine: name of the CPU or GPU, and the CPU's cores.
        jobs: runs side by side; only results of as many count.
    """
    known = [one for one in results if (one.machine, one.jobs) == (machine[0], jobs)]
    same = [one.seconds for one in known if one.run == run.name]
    kind = [
        one.seconds
        for one in known
        if _system(one.run) == _system(run.name) and bool(one.iterations) != bool(run.weights)
    ]
    share = min(2.0, machine[1] / jobs)  # of the cores; one run gains little from more than two
    guess = (TEST_SECONDS if run.weights else TRAINING_SECONDS) * 2 / share
    return median(same or kind or [guess])


def _system(name: str) -> str:
    return name.split("_")[0]


def affordable(tasks: Sequence[Task], seconds: dict[str, float], jobs: int, budget: float | None) -> list[Task]:
    """The first tasks that fit a budget together.

    Args:
        tasks: each after the one that it needs.
        seconds: that each run takes, by its name.
        jobs: runs side by side.
        budget: in seconds; ``None`` for any.
    """
    kept, total = [], 0.0
    for task in tasks:
        total += seconds[task.run.name]
        if budget is not None and total / jobs > budget:
            break
        kept.append(task)
    return kept


def unfinished(
    tasks: Sequence[Task], data_seed: int, results: Collection[RunResult], learned: Callable[[Task], int]
) -> list[Task]:
    """The tasks without a result of the same config on the same data.

    A finished task is done once more if one of these needs its weights and they are gone: results are committed,
    weights are not.

    Args:
        tasks: each after the one that it needs.
        data_seed: of ShapesVIS.
        results: of finished runs.
        learned: the iterations of the weights of a task that are there; 0 where none are.
    """
    done = {(one.run, one.data_seed, one.seed, one.config_hash): one.iterations for one in results}
    left: list[Task] = []
    needed: set[tuple[str, int]] = set()
    for task in reversed(tasks):
        name = task.run.name
        iterations = done.get((name, data_seed, task.seed, task.config_hash))
        # a training that was begun again and killed has left weights too, but of fewer iterations
        if iterations is not None and ((name, task.seed) not in needed or learned(task) >= iterations):
            continue
        left.insert(0, task)
        if task.run.needs:
            needed.add((task.run.needs, task.seed))
    return left
