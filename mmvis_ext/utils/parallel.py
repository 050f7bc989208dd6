"""The same work on many items, over several processes, with a progress bar; no process outlives its work."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

from tqdm import tqdm

from .errors import InputError

__all__ = ["PARENT", "end_with", "keep_to_the_end", "map_in_processes"]

PARENT = "MMVIS_PARENT"
"""Environment variable with the id of the process that a command works for; it ends with that one."""

PR_SET_PDEATHSIG = 1  # of Linux' prctl: the signal that a process gets when its parent ends

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_processes(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    progress: bool = False,
    unit: str = "video",
) -> list[Result]:
    """Results of ``function`` in the order of ``items``.

    Args:
        function: a module's function, so that it can be sent to another process.
        items: what it is called with, one at a time.
        workers: processes; one per core by default, and 1 stays in this process.
        progress: show a bar on stderr.
        unit: what the bar counts.

    Raises:
        InputError: fewer than one worker. An error of ``function`` is raised here and stops the others.
    """
    if workers is not None and workers < 1:
        raise InputError(f"{workers} workers do nothing; take 1 or more.")
    workers = min(workers or _cores(), max(len(items), 1))
    bar = dict(total=len(items), unit=unit, mininterval=0.5, file=sys.stderr, disable=not progress)
    if workers == 1:
        return list(tqdm(map(function, items), **bar))
    # A forked worker starts at once; a spawned one would import everything again.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    with ProcessPoolExecutor(workers, context, initializer=end_with, initargs=(os.getpid(),)) as pool:
        try:
            return list(tqdm(pool.map(function, items), **bar))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def end_with(parent: int) -> None:
    """From now on, end this process as soon as the one that it works for is gone, however that one was ended.

    A process that is killed cannot end its workers, and a worker that waits to hand over a sample waits for ever. Linux
    ends such a worker at once. Elsewhere, and where Linux did not see it, a thread does within a second or two.

    Args:
        parent: id of the process. The thread of it that starts this one must live as long as this one is needed.
    """
    if os.name != "posix":
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_watch, args=(parent, os.getppid()), daemon=True).start()


_KEPT: list[Any] = []


def keep_to_the_end(thing: Any) -> None:
    """Keep what holds a model that is wrapped for gloo for as long as this process lives.

    Right behind a collective operation it can deadlock to destroy such a model: that waits, with Python's lock held,
    for a thread of gloo that waits for the lock.
    """
    _KEPT.append(thing)


def _watch(parent: int, starter: int) -> None:
    """End this process when ``parent`` is gone, or ``starter``, the process that the system holds for its parent."""
    while os.getppid() == starter and _exists(parent):
        time.sleep(1)
    os._exit(1)


def _exists(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is another user's
        return True
    return True


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
