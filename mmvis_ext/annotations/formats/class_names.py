"""``classes.txt``: the names of classes for formats that only number them, a name per line."""

from pathlib import Path

from mmvis_ext.annotations.lists import read_lines
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.utils.errors import InputError

from .source import Source

__all__ = ["LIST", "class_names", "write_class_names"]

LIST = "classes.txt"


def class_names(source: Source) -> list[str]:
    """The names that are asked for, or those of ``classes.txt`` in the folder; none where there is no such file.

    Raises:
        InputError: a name stands there twice.
    """
    path = source.path / LIST
    if source.classes or not path.is_file():
        return list(source.classes or ())
    names = [line.strip() for line in read_lines(path) if line.strip()]
    if len(set(names)) != len(names):
        raise InputError(f"{path}: names a class twice; write a name of its own for each.")
    return names


def write_class_names(file: AnnotationFile, folder: Path) -> None:
    """Write ``classes.txt`` into a folder, in the order of the categories."""
    names = (" ".join(category["name"].split()) or "?" for category in file.categories)
    (folder / LIST).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
