"""The files of a page's visitors, which are gone as soon as nobody needs them."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mmvis_ext.utils.interrupts import Stop

__all__ = ["Visits"]


@dataclass
class _Visit:
    upload: Path | None = None
    results: Path | None = None
    stop: Stop = field(default_factory=Stop)
    running: bool = False


class Visits:
    """Uploads and results by visitor.

    A visitor has one upload and the results of one run: new ones replace them, and both go with the visitor.

    Args:
        root: the folder that holds all of it. An upload is in a folder of its own, which visitors who sent the same
            file share.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self._visits: dict[str, _Visit] = {}
        self._lock = threading.Lock()
        self._number = 0

    def uploaded(self, visitor: str, path: str | Path | None) -> None:
        """Note a visitor's new upload, ``None`` if it was taken away; the earlier one is removed."""
        with self._lock:
            visit = self._visits.setdefault(visitor, _Visit())
            before, visit.upload = visit.upload, None if path is None else Path(path).resolve()
            self._remove_upload(before)

    @contextmanager
    def run(self, visitor: str) -> Iterator[tuple[Path, Stop]]:
        """The time of a run, with an empty folder for its results and what ends it.

        The results of the visitor's earlier run are removed before; those of this one after an error, and if the
        visitor has left meanwhile.
        """
        with self._lock:
            visit = self._visits.setdefault(visitor, _Visit())
            _remove(visit.results)
            self._number += 1
            folder = self.root / "results" / f"{self._number:06d}"
            folder.mkdir(parents=True)
            visit.results, visit.stop, visit.running = folder, Stop(), True
        try:
            yield folder, visit.stop
        except BaseException:
            _remove(folder)
            raise
        finally:
            with self._lock:
                visit.running = False
                if self._visits.get(visitor) is not visit:
                    _remove(folder)

    def stop(self, visitor: str) -> None:
        """End the visitor's run in good order."""
        with self._lock:
            if visitor in self._visits:
                self._visits[visitor].stop.asked = True

    def leave(self, visitor: str) -> None:
        """Remove all that a visitor has left. A run is ended, and removes its results when it has done so."""
        with self._lock:
            visit = self._visits.pop(visitor, None)
            if visit is None:
                return
            visit.stop.asked = True
            self._remove_upload(visit.upload)
            if not visit.running:
                _remove(visit.results)

    def _remove_upload(self, path: Path | None) -> None:
        if path is None or any(visit.upload == path for visit in self._visits.values()):
            return
        if path.parent.parent == self.root:  # never anything else, whatever a request names
            _remove(path.parent)


def _remove(folder: Path | None) -> None:
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
