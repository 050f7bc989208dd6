"""From the words of a command line to videos."""

import glob
from collections.abc import Iterable
from pathlib import Path

from mmvis_ext.annotations.lists import read_lines
from mmvis_ext.utils.errors import InputError

from .folder import IMAGES
from .opening import is_address

__all__ = ["VIDEOS", "find_videos"]

VIDEOS = frozenset(
    "3gp avi flv gif m4v mkv mov mp4 mpeg mpg mts mxf ogv ts webm wmv y4m".split()  # noqa: SIM905 (readable)
)
LIST = ".txt"


def find_videos(words: list[str]) -> dict[str, str]:
    """The videos that words of a command line name, by names that are all different and can name folders.

    Args:
        words: each a video file, a folder of frames, a folder with videos or folders of frames below it (however
            deep), a pattern such as ``clips/*.mp4``, a text file with one such word per line, the address of a stream,
            or the number of a camera.

    Returns:
        The source of each video, for :func:`open_video`, in the order in which they were named.

    Raises:
        InputError: a path is missing, a pattern meets nothing, or a folder or list has no videos.
    """
    first: dict[str, str] = {}
    for word in words:
        for name, source in _of_word(word):
            first.setdefault(source, name)
    videos: dict[str, str] = {}
    for source, name in first.items():
        videos[_free(name, videos)] = source
    return videos


def _of_word(word: str, listed: bool = False) -> list[tuple[str, str]]:
    """Names and sources."""
    if is_address(word):
        name = "".join(c if c.isalnum() or c in "-." else "_" for c in word.partition("://")[2])
        return [(name.strip("._") or "stream", word)]
    path = Path(word)
    if path.is_dir():
        return _below(path)
    if path.exists():
        if path.suffix.lower() == LIST and not listed:
            return _of_list(path)
        return [(path.stem, word)]
    if word.isdecimal():
        return [(f"camera{word}", word)]
    if any(sign in word for sign in "*?["):
        found = sorted(glob.glob(word, recursive=True))
        if not found:
            raise InputError(f"{word}: no path is like this; check the pattern.")
        return [one for path in found if _may_be(Path(path)) for one in _of_word(path, listed)]
    raise InputError(f"{word}: no such video; check the path.")


def _may_be(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower()[1:] in VIDEOS


def _of_list(path: Path) -> list[tuple[str, str]]:
    found = []
    for i, line in enumerate(read_lines(path), 1):
        word = line.strip()
        if not word or word.startswith("#"):
            continue
        beside = path.parent / word
        if not is_address(word) and not Path(word).exists() and (beside.exists() or not word.isdecimal()):
            word = str(beside)
        try:
            found += _of_word(word, listed=True)
        except InputError as error:
            raise InputError(f"{path}, line {i}: {error}") from None
    if not found:
        raise InputError(f"{path}: names no videos; write one path per line.")
    return found


def _below(folder: Path) -> list[tuple[str, str]]:
    """The folder itself if it holds pictures, else the videos and folders of pictures below it."""
    if _has_pictures(folder):
        return [(folder.resolve().name, str(folder))]
    found = []
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        if (path.is_dir() and _has_pictures(path)) or (path.is_file() and path.suffix.lower()[1:] in VIDEOS):
            name = str(path.relative_to(folder).with_suffix("") if path.is_file() else path.relative_to(folder))
            found.append((name, str(path)))
    if not found:
        raise InputError(
            f"{folder}: has no frames ({', '.join(IMAGES)} files), and there are no videos below it; give another one."
        )
    return found


def _has_pictures(folder: Path) -> bool:
    return any(path.suffix.lower() in IMAGES and not path.name.startswith(".") for path in folder.iterdir())


def _free(name: str, taken: Iterable[str]) -> str:
    """The name, with a number behind it if the folder of another video has it, lies in it or holds it."""
    number, free = 1, name
    top, slash, rest = name.partition("/")
    while any(f"{free}/".startswith(f"{other}/") or f"{other}/".startswith(f"{free}/") for other in taken):
        number += 1
        free = f"{top}_{number}{slash}{rest}"
    return free
