"""Reads the scripts of a page as the page does."""

import json
from pathlib import Path


def data_of(page: Path, number: int) -> dict:
    """What the script of a video says."""
    text = (page / f"data/{number}.js").read_text()
    start = f"reportVideo({number},"
    assert text.startswith(start)
    return json.loads(text[len(start) : text.rindex(")")])


def list_of(page: Path) -> dict:
    """What the list of videos says."""
    text = (page / "data/videos.js").read_text()
    return json.loads(text.removeprefix("const REPORT = ").rstrip(";\n"))
