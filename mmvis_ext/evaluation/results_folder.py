"""Folders that a metric may fill: empty, new, or with older results and nothing else."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_writable

__all__ = ["check_results_folder"]


def check_results_folder(path: str | Path, benchmark: str, is_result: Callable[[str], bool]) -> Path:
    """Check that a folder can take results, and return its path; older results may be in it.

    Args:
        path: of the folder.
        benchmark: names whose results they are in error messages.
        is_result: whether a file, named relative to the folder as in ``dogs/00000.png``, is a result.

    Raises:
        InputError: it is a file, holds something else than results, or cannot be written.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file; the results of {benchmark} are a folder, so give another path.")
    strange = next((name for name in _contents(path) if not is_result(name)), None) if path.exists() else None
    if strange is not None:
        raise InputError(
            f"{path}: holds '{strange}', which is no result of {benchmark} and would be lost; give an empty or a new "
            "folder."
        )
    require_writable(Path(os.path.realpath(path)).parent)
    return path


def _contents(path: Path) -> Iterator[str]:
    """What is in a folder and in its folders."""
    for entry in os.scandir(path):
        if not entry.is_dir():
            yield entry.name
        else:
            yield from (f"{entry.name}/{name}" for name in os.listdir(entry.path))
