"""Fonts that have the letters of a text: the one that comes with Pillow, then those that the machine has."""

import importlib.util
import os
import sys
import unicodedata
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont
from tqdm import tqdm

__all__ = ["font_for", "legible", "writable"]

FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.local/share/fonts",
    "~/.fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
)
ENDINGS = (".ttf", ".otf", ".ttc")
NO_LETTER = "\U0010ffff"  # no font has it, so it is drawn as what stands for unknown letters


@lru_cache(maxsize=2048)
def writable(text: str) -> str:
    """The text as it can be written: as it is, else without accents, else with a question mark for each odd letter."""
    if _font_file(text) is not None:
        return text
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    if _font_file(plain) is not None:
        return plain
    return "".join(c if _font_file(c) is not None else "?" for c in plain)


@lru_cache(maxsize=2048)
def legible(name: str, otherwise: str) -> str:
    """A name, or what to write in its place where no font of the machine has its letters; a warning then says so."""
    shown = writable(name)
    if shown == name:
        return name
    if shown.count("?") > name.count("?"):
        shown = otherwise
    tqdm.write(
        f"warning: no font of this machine has all letters of {name!r}, which is drawn as '{shown}'; install one, such "
        "as Noto Sans.",
        file=sys.stderr,
    )
    return shown


def font_for(text: str, size: int) -> ImageFont.FreeTypeFont:
    """A font of this size in pixels that has the letters of a :func:`writable` text."""
    return _font(_font_file(text) or "", size)


@lru_cache(maxsize=64)
def _font(file: str, size: int) -> ImageFont.FreeTypeFont:
    """The font of a file; that of Pillow for an empty name."""
    font = ImageFont.truetype(file, size) if file else ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


@lru_cache(maxsize=4096)
def _font_file(text: str) -> str | None:
    """The first font that has all letters of a text: its file, an empty name for Pillow's, ``None`` if none has."""
    letters = sorted({c for c in text if not c.isspace()})
    return next((file for file in ("", *_files()) if _has(file, letters)), None)


def _has(file: str, letters: list[str]) -> bool:
    try:
        font = _font(file, 16)
    except OSError:  # a broken file, or a kind of font that Pillow does not know
        return False
    unknown = bytes(font.getmask(NO_LETTER))
    return all(bytes(font.getmask(letter)) not in (unknown, b"") for letter in letters)


@lru_cache(maxsize=1)
def _files() -> tuple[str, ...]:
    """Font files of the machine: first those of matplotlib, which mmengine brings, and plain ones before bold ones."""
    folders = [Path(folder).expanduser() for folder in FOLDERS]
    matplotlib = importlib.util.find_spec("matplotlib")
    if matplotlib is not None and matplotlib.origin is not None:
        folders.insert(0, Path(matplotlib.origin).parent / "mpl-data/fonts/ttf")
    found = [
        os.path.join(place, name)
        for folder in folders
        for place, _, names in sorted(os.walk(folder))
        for name in sorted(names, key=lambda name: (len(name), name))
        if name.lower().endswith(ENDINGS)
    ]
    return tuple(found)
