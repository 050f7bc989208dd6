"""Other processes as copies of this one, which saves the imports of torch and mmdet."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import torch.multiprocessing as mp

from mmvis_ext.engine.work_dir import claimed


class Forked:
    """A process that runs a function and ends with what it returns, like those of ``subprocess.Popen``."""

    def __init__(self, function: Callable[..., int | None], *args: object) -> None:
        self.process = get_context("fork").Process(target=_run, args=(function, args))
        self.process.start()
        self.pid, self.kill = self.process.pid, self.process.kill

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired("a copy of this process", timeout)
        return self.process.exitcode


def _run(function: Callable[..., int | None], args: tuple) -> None:
    os.setsid()
    try:
        sys.exit(function(*args))
    except KeyboardInterrupt:
        os._exit(130)


def two_processes(function: Callable, *args: object) -> None:
    """Call ``function(rank, 2, *args)`` in two processes, which must end well."""
    mp.start_processes(function, args=(2, *args), nprocs=2, start_method="fork")


@contextlib.contextmanager
def holder_of(work_dir: Path) -> Iterator[Forked]:
    """A process that has claimed a work dir; what it writes to stderr goes to the file ``work_dir.stderr``."""
    begun = work_dir.with_suffix(".begun")
    process = Forked(_hold, work_dir, begun)
    deadline = time.monotonic() + 60
    while not begun.exists() and process.process.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        assert begun.exists()
        yield process
    finally:
        process.kill()
        process.wait()


def _hold(work_dir: Path, begun: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell ignores it
    with work_dir.with_suffix(".stderr").open("w") as sys.stderr, claimed(work_dir):
        begun.touch()
        time.sleep(300)
