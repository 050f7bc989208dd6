"""Files that are either whole or not there."""

import os
import tempfile
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

__all__ = ["AtomicBackend", "write_atomically"]


def write_atomically(path: str | Path, content: bytes) -> None:
    """Write beside the target and rename, so that a reader or a crash never meets half a file.

    Raises:
        OSError: the folder is not writable or full; nothing is left behind.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class AtomicBackend(LocalBackend):
    """mmengine's local files, written atomically."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        write_atomically(filepath, obj)

    def put_text(self, obj: str, filepath: str | Path, encoding: str = "utf-8") -> None:
        write_atomically(filepath, obj.encode(encoding))


register_backend("atomic", AtomicBackend, force=True)
