"""Lists of sequences, videos and images, and the files that a folder holds."""

import os
from collections import Counter
from pathlib import Path, PurePosixPath

from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import read_file

__all__ = ["leaves_folder", "names_with", "read_frame_list", "read_lines", "read_sequence_list", "refuse_outside"]


def read_lines(path: str | Path) -> list[str]:
    """The lines of a text file such as the lists that data sets keep in ``ImageSets``, blank ones included.

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
        raise InputError(f"{path}: is not a text file in UTF-8; save it as UTF-8, or give another file.") from None


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


def read_frame_list(path: str | Path) -> dict[str, list[str] | None]:
    """The frames that a list of DAVIS 2016 names, by sequence.

    A line is a pair of paths, ``/JPEGImages/480p/SEQ/00000.jpg /Annotations/480p/SEQ/00000.png``, of which the folder
    and the name of the file count. A list of sequences alone, as DAVIS 2017 has them, is read too.

    Returns:
        Names of the frames, without their ending and in the order of the list; ``None`` for all of a sequence.

    Raises:
        InputError: see :func:`read_sequence_list`; also for a line that is no such pair, and for a frame that stands
            there twice.
    """
    rows = [line.split() for line in read_lines(path)] if Path(path).exists() else []
    if not any(len(row) == 2 for row in rows):
        return dict.fromkeys(read_sequence_list(path))
    frames: dict[str, list[str] | None] = {}
    for number, row in enumerate(rows, 1):
        pair = [PurePosixPath(part) for part in row]
        if not pair:
            continue
        names = {(part.parent.name, part.stem) for part in pair}
        (name, frame), *others = names
        if len(pair) != 2 or others or not name or ".." in (name, *pair[0].parts):
            raise InputError(
                f"{path}, line {number}: {' '.join(row)[:80]!r} is no pair of paths of one frame; write its image and "
                "its annotation, such as '/JPEGImages/480p/bear/00000.jpg /Annotations/480p/bear/00000.png'."
            )
        known = frames.setdefault(name, [])
        assert known is not None
        known.append(frame)
    for name, listed in frames.items():
        twice = next((frame for frame, count in Counter(listed).items() if count > 1), None)
        if twice is not None:
            raise InputError(f"{path}: names the frame '{name}/{twice}' twice; remove one of the lines.")
    return frames


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
