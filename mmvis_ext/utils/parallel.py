"""The same work on many items, over several processes, with a progress bar."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from tqdm import tqdm

from .errors import InputError

__all__ = ["map_in_processes"]

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
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        try:
            return list(tqdm(pool.map(function, items), **bar))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
