"""Many videos: what was done before is skipped, and one that fails does not stop the others."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmvis_ext.utils.errors import InputError, unknown_error
from mmvis_ext.utils.interrupts import Stop
from mmvis_ext.videos import Selection, VideoSource, open_video
from mmvis_ext.videos.opening import is_address

from .video_run import RECORD, VideoReport, VideoRun, write_video

__all__ = ["Job", "Summary", "attempt", "done_before", "run_job", "run_jobs", "share"]

SHARES: tuple[tuple[str, str, str], ...] = (
    ("SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN"),
    ("RANK", "WORLD_SIZE", ""),
    ("SLURM_PROCID", "SLURM_NTASKS", ""),
)  # a process' number, how many there are, and the first number


@dataclass(frozen=True)
class Job:
    """A video to run.

    Attributes:
        name: of its folder of results.
        source: for :func:`open_video`.
        folder: where the results go.
        selection: which of its frames are looked at.
        settings: all that determines the result, beside the video itself.
    """

    name: str
    source: str
    folder: Path
    selection: Selection
    settings: dict[str, Any]

    def identity(self) -> dict[str, Any]:
        """What must be the same for the results of an earlier run to be those of this one."""
        found = dict(self.settings, source=self.source)
        path = Path(self.source)
        if not is_address(self.source) and path.exists():
            state = path.stat()
            found |= dict(bytes=state.st_size, changed=int(state.st_mtime))
        return json.loads(json.dumps(found, default=str))


@dataclass
class Summary:
    """What came of many videos: names of those done now and before, and a sentence for each one that failed."""

    done: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False

    def add(self, job: Job, outcome: VideoReport | str) -> None:
        """Count a job by its report, or by the sentence of its failure."""
        if isinstance(outcome, str):
            self.failed[job.name] = outcome
        elif outcome.problem is not None:
            self.failed[job.name] = outcome.problem
        elif not outcome.interrupted:
            self.done.append(job.name)

    @property
    def exit_code(self) -> int:
        """Of the program: 130 after Ctrl-C, 1 if a video failed."""
        return 130 if self.interrupted else int(bool(self.failed))


def done_before(job: Job) -> bool:
    """Whether an earlier run finished this job with the same settings."""
    try:
        record = json.loads((job.folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and bool(record.get("finished")) and record.get("settings") == job.identity()


def run_job(
    run: VideoRun,
    job: Job,
    stop: Stop | None = None,
    opened: Callable[[VideoSource], Callable[[int], Any]] | None = None,
) -> VideoReport:
    """Run one video into its folder.

    Args:
        run: how.
        job: what.
        stop: see :class:`VideoRun`.
        opened: is given the source and returns what is told the progress.

    Raises:
        InputError: see :func:`write_video`.
    """
    source = job.selection.of(open_video(job.source))
    progress = opened(source) if opened else (lambda _: None)
    return write_video(run, source, job.folder, job.identity(), stop, progress)


def attempt(work: Callable[[Job], VideoReport], job: Job) -> VideoReport | str:
    """Run a job; returns its report, or a sentence if it fails in whatever way."""
    try:
        return work(job)
    except Exception as error:
        return str(error) if isinstance(error, InputError) else unknown_error(error)


def run_jobs(
    jobs: list[Job],
    work: Callable[[Job], VideoReport],
    stop: Stop,
    redo: bool = False,
    tell: Callable[[Job, VideoReport | str | None], Any] = lambda *_: None,
) -> Summary:
    """Run many videos one after the other.

    Args:
        jobs: the videos.
        work: runs one, such as :func:`run_job`.
        stop: is asked before each.
        redo: also what was done before.
        tell: is called with each job and its report, the sentence of its failure, or ``None`` if it was done before.
    """
    summary = Summary()
    for job in jobs:
        if stop.asked:
            break
        if not redo and done_before(job):
            summary.before.append(job.name)
            tell(job, None)
            continue
        outcome = attempt(work, job)
        tell(job, outcome)
        summary.add(job, outcome)
    summary.interrupted = stop.asked
    return summary


def share(jobs: list[Job], environment: dict[str, str] | None = None) -> list[Job]:
    """This process' share of the jobs: every n-th, in a Slurm array, under torchrun, or as a task of ``srun``.

    Raises:
        InputError: the environment names a share by something else than numbers.
    """
    environment = dict(os.environ) if environment is None else environment
    for number, count, first in SHARES:
        if number in environment and count in environment:
            try:
                place = int(environment[number]) - int(environment.get(first, 0))
                return jobs[place :: int(environment[count])]
            except ValueError:
                raise InputError(
                    f"{number}={environment[number]}, {count}={environment[count]}: no numbers that share out "
                    "videos; unset them, or set both to whole numbers."
                ) from None
    return jobs
