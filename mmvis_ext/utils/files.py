"""Files and folders that are either whole or not there."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .errors import InputError

__all__ = ["atomic_file", "atomic_folder", "require_writable", "require_writable_file", "write_atomically"]


@contextmanager
def atomic_file(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a file beside the target that takes its place at the end, so that nobody ever meets half a file.

    Raises:
        InputError: the path is a folder, or its folder is not writable or full; nothing is left behind.
    """
    path = Path(path)
    _refuse_folder(path)
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


@contextmanager
def atomic_folder(path: str | Path, unless: Callable[[], bool] | None = None) -> Iterator[Path]:
    """Fill a folder beside the target that takes its place at the end; what stood there before is removed then.

    Args:
        path: of the target.
        unless: called at the end; if it returns ``True``, the target stays as it is.

    Raises:
        InputError: the place is not writable or full; nothing is left behind, and the old folder stays.
    """
    path = Path(os.path.realpath(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        try:
            yield temporary
            if unless is None or not unless():
                os.chmod(temporary, 0o777 & ~_umask())
                _take_place(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); make room there or choose another place."
        ) from error


def _take_place(folder: Path, path: Path) -> None:
    """Rename a folder to ``path``; one that is there already is removed, or put back if the renaming fails."""
    old = folder.with_name(f"{folder.name}.old")
    if path.exists():
        os.rename(path, old)
    try:
        os.rename(folder, path)
    except BaseException:
        if old.exists():
            os.rename(old, path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write a whole file with :func:`atomic_file`."""
    with atomic_file(path) as file:
        file.write(content)


def require_writable(folder: str | Path) -> None:
    """Create a folder and check that files can be written into it.

    Raises:
        InputError: they cannot.
    """
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be written ({error.strerror}); choose another folder or make room there."
        ) from None


def require_writable_file(path: str | Path) -> None:
    """Check that a file can be written, before its content is computed; missing folders are made.

    Raises:
        InputError: the path is a folder, or its folder cannot be written to.
    """
    _refuse_folder(Path(path))
    require_writable(Path(path).parent)


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the name of the file to write.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
