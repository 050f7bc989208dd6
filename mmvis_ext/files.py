"""Files that are either whole or not there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from mmvis_ext.errors import InputError

__all__ = ["atomic_file", "write_atomically"]


@contextmanager
def atomic_file(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a file beside the target that takes its place at the end, so that nobody ever meets half a file.

    Raises:
        InputError: the folder is not writable or full; nothing is left behind.
    """
    path = Path(path)
    try:
        with _replacing(path) as file:
            yield file
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); make room there or choose another place."
        ) from error


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write a whole file with :func:`atomic_file`."""
    with atomic_file(path) as file:
        file.write(content)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
