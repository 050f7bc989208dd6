"""A file backend for mmengine that never leaves a half-written checkpoint."""

from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from mmvis_ext.utils.files import write_atomically

__all__ = ["AtomicBackend"]


class AtomicBackend(LocalBackend):
    """mmengine's backend for local files, which here are written atomically."""

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write bytes; see :func:`write_atomically`."""
        write_atomically(filepath, obj)

    def put_text(self, obj: str, filepath: str | Path, encoding: str = "utf-8") -> None:
        """Write text; see :func:`write_atomically`."""
        write_atomically(filepath, obj.encode(encoding))


register_backend("atomic", AtomicBackend, force=True)
