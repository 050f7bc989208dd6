"""The time that a run takes, over all of its parts if it was interrupted."""

import json
import time
from pathlib import Path

from mmvis_ext.utils.files import write_atomically

__all__ = ["Clock"]

FILE = "clock.json"


class Clock:
    """Starts when it is made, and knows the parts of the same run that were cut short.

    A part that was killed could not say when it ended. It counts until the last change of a file of the run.

    Args:
        folder: of the run's files.
    """

    def __init__(self, folder: Path) -> None:
        self.begun, self.before = time.time(), 0.0
        path = folder / FILE
        if path.exists():
            last = json.loads(path.read_bytes())
            ended = max(file.stat().st_mtime for file in folder.rglob("*") if file.is_file())
            self.before = last["before"] + max(ended - last["begun"], 0.0)
        write_atomically(path, json.dumps(dict(before=self.before, begun=self.begun)).encode())

    def seconds(self) -> float:
        """All parts until now."""
        return self.before + time.time() - self.begun
