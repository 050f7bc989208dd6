"""Lists of sequences, videos and images, and the files that a folder holds."""

import os
from pathlib import Path

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import read_file

__all__ = ["leaves_folder", "names_with", "read_lines", "read_sequence_list", "refuse_outside"]


def read_lines(path: str | Path) -> list[str]:
    """The lines of one of the lists that data sets keep in ``ImageSets``, blank ones included.

    The text may begin with a byte order mark, as Windows' editors write it.

    Raises:
        InputError: the file cannot be read or is no text in UTF-8.
    """
    try:
        text = read_file(path)
        if b"\0" in text:
            raise UnicodeError
        return text.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path and its permissions.") from None
    except UnicodeError:
        raise InputError(
            f"{path}: is not a text file in UTF-8; save it as UTF-8, or give one of the lists in ImageSets."
        ) from None


def read_sequence_list(path: str | Path) -> list[str]:
    """The sequences that a list of DAVIS names, one per line, in its order.

    Raises:
        InputError: there is no such list, it cannot be read, names nothing, or names a sequence twice.
    """
    if not Path(path).exists():
        raise InputError(f"{path}: no such list of sequences; check the path, or fetch DAVIS' ImageSets.")
    names = [line.strip() for line in read_lines(path) if line.strip()]
    if not names:
        raise InputError(f"{path}: names no sequence; fetch the list again.")
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise InputError(f"{path}: names '{twice}' twice; remove one of the lines.")
    odd = next((name for name in names if name in (".", "..") or set(name) & set("/\\ \t")), None)
    if odd is not None:
        raise InputError(f"{path}: {odd[:80]!r} is no name of a sequence; give one of the lists in ImageSets/20*.")
    return names


def names_with(folder: str | Path, ending: str) -> list[str]:
    """Sorted names, without the ending, of a folder's files that have this ending; none where there is no folder."""
    try:
        return sorted(name.removesuffix(ending) for name in os.listdir(folder) if name.endswith(ending))
    except (FileNotFoundError, NotADirectoryError):
        return []


def leaves_folder(name: str) -> bool:
    """Whether a name that is to be looked up in a folder leads out of it: an absolute path, or one with ``..``."""
    parts = name.replace("\\", "/").split("/")
    return not parts[0] or ".." in parts or parts[0].endswith(":")


def refuse_outside(name: str, path: str | Path) -> None:
    """Refuse a name in the list ``path`` that leads out of the folder in which it is looked up.

    Raises:
        InputError: it does.
    """
    if leaves_folder(name):
        raise InputError(f"{path}: {name[:80]!r} leads out of the folder of the data set; correct it.")
