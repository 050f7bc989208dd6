"""Checks of cores, memory, folders and the disk."""

import argparse
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .finding import Check, Finding, Level

__all__ = ["MACHINE"]

GIB = 2**30
LITTLE_DISK, NO_DISK, LITTLE_SHARED = 5 * GIB, GIB // 2, GIB  # bytes
SHARED = Path("/dev/shm")


def cores(args: argparse.Namespace) -> Iterator[Finding]:
    """The cores of this process, and the threads that it will start."""
    number = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    text, threads = f"{number} core{'s' * (number != 1)}", os.environ.get("OMP_NUM_THREADS")
    if threads is None:
        yield Finding("ok", f"{text}; OMP_NUM_THREADS is not set, so a process has as many threads")
    elif not threads.isdecimal() or int(threads) == 0:
        yield Finding("warning", f"{text}; OMP_NUM_THREADS={threads} is no number", "set it to 1 or more, or unset it")
    elif int(threads) > number:
        remedy = f"set it to {number} or less, or the threads wait for each other"
        yield Finding("warning", f"{text}; OMP_NUM_THREADS={threads} is more than there are cores", remedy)
    else:
        yield Finding("ok", f"{text}; OMP_NUM_THREADS={threads}")


def shared_memory(args: argparse.Namespace) -> Iterator[Finding]:
    """The memory by which data workers hand over their samples; only Linux limits it."""
    if not SHARED.is_dir():
        return
    free = shutil.disk_usage(SHARED).free
    if free < LITTLE_SHARED:
        remedy = "start the container with --shm-size=8g, or train with --cfg-options train_dataloader.num_workers=0"
        yield Finding("warning", f"{size(free)} of shared memory are little for data workers", remedy)
    else:
        yield Finding("ok", f"{size(free)} of shared memory for data workers")


def folders(args: argparse.Namespace) -> Iterator[Finding]:
    """Whether the folders that are written to can be, and have room."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    yield folder("work dir", Path(args.work_dir), "take another --work-dir")
    torchs = Path(os.environ.get("TORCH_HOME") or Path(cache, "torch"))
    yield folder("torch's cache", torchs.expanduser(), "set TORCH_HOME to another folder")
    try:
        yield folder("temporary folder", Path(tempfile.gettempdir()), "set TMPDIR to another folder")
    except FileNotFoundError:
        yield Finding("problem", "no temporary folder can be written to", "set TMPDIR to one that can")


def folder(name: str, path: Path, remedy: str) -> Finding:
    """Whether a folder can be written to, or made where it is not there, and how much room it has.

    Args:
        name: what it is for.
        path: the folder.
        remedy: what to do where it cannot be used.
    """
    there = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            free = shutil.disk_usage(there).free
    except OSError as error:
        why = f"{path} cannot be written to ({error.strerror})"
        return Finding("problem", f"{name}: {why}", f"give yourself the right to write there, or {remedy}")
    if free < LITTLE_DISK:
        level: Level = "problem" if free < NO_DISK else "warning"
        return Finding(level, f"{name}: {path} has only {size(free)} left", f"make room there, or {remedy}")
    return Finding("ok", f"{name}: {path} has {size(free)} left")


def size(number: int) -> str:
    """A number of bytes as people write it."""
    return f"{number / GIB:.1f} GiB"


MACHINE: dict[str, Check] = {"cores": cores, "shared memory": shared_memory, "folders": folders}
"""By the names of what they look at."""
