"""Files and folders that are written whole or not at all, and files that are read only if they are files."""

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "atomic_file",
    "atomic_folder",
    "is_special",
    "read_file",
    "require_file",
    "require_writable",
    "require_writable_file",
    "take_place",
    "write_atomically",
    "write_figure",
]


def read_file(path: str | Path) -> bytes:
    """The content of a file.

    Raises:
        OSError: see :func:`require_file`.
    """
    require_file(path)
    with open(path, "rb") as file:
        return file.read()


def require_file(path: str | Path) -> None:
    """Check that a path leads to a file. A pipe or a device is not read, since it may have no end, or never begin.

    Raises:
        OSError: there is no such file, it is a folder, a pipe or a device, or no file can have this name.
    """
    try:
        kind = os.stat(path).st_mode
    except ValueError:  # a NUL, or half of a surrogate pair
        raise OSError(errno.EINVAL, "no file can have such a name", str(path)) from None
    if not stat.S_ISREG(kind):
        what = "it is a folder" if stat.S_ISDIR(kind) else "it is a pipe or a device, and no file"
        raise OSError(errno.EINVAL, what, str(path))


@contextmanager
def atomic_file(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a file beside the target that takes its place at the end, so that nobody ever meets half a file.

    A link stays, and what it points to is replaced. A target that is not to be replaced (:func:`is_special`) is written
    to directly.

    Raises:
        InputError: the path is a folder, or its folder is not writable or full; nothing is left behind.
    """
    path = Path(path)
    _refuse_folder(path)
    try:
        with path.open("wb") if is_special(path) else _replacing(path) as file:
            yield file
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); make room there or choose another place."
        ) from error


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    path = Path(os.path.realpath(path))
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


def is_special(path: str | Path) -> bool:
    """Whether a path leads to what is not to be replaced by a file.

    That is a device, a pipe, a socket, or a file that a process has open (``/dev/stdout`` and what it points to).
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return True
    except (OSError, ValueError):
        return False  # it is not there
    while not os.path.realpath(os.path.dirname(path)).startswith("/proc/"):
        if not os.path.islink(path):
            return False
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    return True


def take_place(temporary: str | Path, path: str | Path) -> None:
    """Give a file that is complete the place of another, or write it to a target that :func:`is_special`."""
    if is_special(path):
        with open(temporary, "rb") as file, open(path, "wb") as target:
            shutil.copyfileobj(file, target)
    else:
        os.replace(temporary, os.path.realpath(path))


@contextmanager
def atomic_folder(path: str | Path, unless: Callable[[], bool] | None = None) -> Iterator[Path]:
    """Fill a folder beside the target that takes its place at the end; what stood there before is removed then.

    Args:
        path: of the target.
        unless: called at the end; if it returns ``True``, the target stays as it is.

    Raises:
        InputError: the place is not writable or full, or something stands there that is no folder; nothing is left
            behind, and what was there stays.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is there already and is no folder; give the name of a folder to write.")
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


def write_figure(figure: "Figure", path: str | Path) -> None:
    """Write a drawing as a PNG file with :func:`atomic_file`; the same drawing gives the same bytes each time."""
    with atomic_file(path) as file:
        figure.savefig(file, format="png", dpi=120, metadata={"Software": None})


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
    if not is_special(path):
        require_writable(Path(os.path.realpath(path)).parent)
    elif not os.access(path, os.W_OK):
        raise InputError(f"{path}: cannot be written; check its permissions, or choose another place.")


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the name of the file to write.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
