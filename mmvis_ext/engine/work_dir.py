"""A work dir belongs to one training at a time, which says at its end what it leaves there."""

import fcntl
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mmengine.dist import get_rank

from mmvis_ext.utils.errors import InputError

from .checkpoints import latest_checkpoint

__all__ = ["claimed"]

LOCK = "training.lock"
HALF_WRITTEN = re.compile(r"\..+\.pth\.[a-z0-9_]{8}")  # as :func:`atomic_file` names files before they are complete


@contextmanager
def claimed(work_dir: str | Path, force: bool = False) -> Iterator[None]:
    """Keep other trainings out of a work dir for a ``with`` block, in the process of rank 0.

    What a training that was killed has left half-written is removed at the beginning. Ctrl-C and SIGTERM end the block
    as usual, but say which checkpoint there is to go on from. The system gives the work dir free when the process ends,
    however it ends.

    Args:
        work_dir: the folder, which exists.
        force: go on although another training has it, and remove nothing.

    Raises:
        InputError: another training has it; names its host and process.
    """
    if get_rank() != 0:
        yield
        return
    with open(os.path.join(work_dir, LOCK), "a+") as file:
        if _lock(file, work_dir, force):
            for path in Path(work_dir).iterdir():
                if HALF_WRITTEN.fullmatch(path.name) and path.is_file():
                    path.unlink(missing_ok=True)
        before = signal.signal(signal.SIGTERM, lambda *_: _end(work_dir))
        try:
            yield
        except KeyboardInterrupt:
            print(_kept(work_dir), file=sys.stderr)
            raise
        finally:
            signal.signal(signal.SIGTERM, before)


def _lock(file: Any, work_dir: str | Path, force: bool) -> bool:
    """Take the lock and write into its file who has it; returns whether this process has it now."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        if force:
            return False
        file.seek(0)
        who = file.read(200).strip() or "another process"
        raise InputError(
            f"{work_dir}: another training writes here ({who}), and the checkpoints of two would get mixed; choose "
            "another --work-dir, end that one, or add --force."
        ) from None
    except OSError:  # a file system without locks
        return False
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}\n")
    file.flush()
    return True


def _end(work_dir: str | Path) -> None:
    """End this process as SIGTERM does by itself, after a word about what it leaves."""
    with suppress(OSError):
        print(_kept(work_dir), file=sys.stderr, flush=True)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTERM)


def _kept(work_dir: str | Path) -> str:
    path = latest_checkpoint(work_dir)
    if path is None:
        return f"stopped: there is no checkpoint in {work_dir} yet."
    return f"stopped: {path} is kept, and the same command with --resume goes on from there."
