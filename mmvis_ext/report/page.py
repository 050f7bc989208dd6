"""Writes a page: a folder that a browser opens from the disk, without a server."""

import json
import os
import re
from functools import partial
from pathlib import Path
from typing import Any

from mmvis_ext.evaluation.errors import KINDS
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import atomic_folder
from mmvis_ext.utils.parallel import map_in_processes

from .content import Chart, Content
from .video_files import VideoTask, write_video

__all__ = ["check_page_folder", "write_page"]

TEMPLATES = Path(__file__).parent / "templates"
STATIC = ("style.css", "tracks.js", "player.js", "list.js", "keys.js")
LEAST_SIZE = 64
PLOT = (320, 220)  # width and height of the chart
OURS = re.compile(r"index\.html|[a-z]+\.css|[a-z]+\.js|data|frames")


def check_page_folder(path: str | Path, max_size: int = LEAST_SIZE) -> None:
    """Check that a page can be written, before it is worked for.

    Raises:
        InputError: something else than a page lies there, jinja2 is not installed, or ``max_size`` is too small.
    """
    path = Path(path)
    if max_size < LEAST_SIZE:
        raise InputError(f"--max-size {max_size}: nobody sees anything there; take {LEAST_SIZE} pixels or more.")
    if path.exists() and not (path.is_dir() and all(OURS.fullmatch(name) for name in os.listdir(path))):
        raise InputError(f"{path}: holds other things than a report, which would be lost; choose another --out.")
    try:
        import jinja2  # noqa: F401
    except ModuleNotFoundError:
        raise InputError(
            "A report needs the package jinja2, which is not installed; run `pip install 'jinja2>=3.1,<4'`."
        ) from None


def write_page(
    content: Content, out: str | Path, *, max_size: int = 640, link_frames: bool = False, workers: int | None = None,
    progress: bool = False,
) -> Path:  # fmt: skip
    """Write a page.

    Args:
        content: what it shows.
        out: folder to write to; an older page there is replaced.
        max_size: longer side of its frames, pixels.
        link_frames: show the frames where they lie, and copy none.
        workers: processes; one per core by default.
        progress: show a bar on stderr.

    Returns:
        Path of the page itself, ``index.html``.

    Raises:
        InputError: see :func:`check_page_folder`; also for a frame that is missing or broken.
    """
    check_page_folder(out, max_size)
    place = Path(os.path.realpath(out))
    with atomic_folder(place) as folder:
        (folder / "data").mkdir()
        task = partial(VideoTask, folder=folder, place=place, max_size=max_size, link=link_frames)
        tasks = [task(number, video) for number, video in enumerate(content.videos)]
        pictures = map_in_processes(write_video, tasks, workers=workers, progress=progress)
        for name in STATIC:
            (folder / name).write_bytes((TEMPLATES / name).read_bytes())
        (folder / "data/videos.js").write_text(f"const REPORT = {json.dumps(_videos(content, pictures))};\n")
        (folder / "index.html").write_text(_html(content), encoding="utf-8")
    return Path(out) / "index.html"


def _videos(content: Content, pictures: list[str]) -> dict[str, Any]:
    """The list of videos, as the page reads it."""
    rows = [
        dict(
            number=number,
            name=video.name,
            picture=picture,
            length=len(video.frames),
            figure=None if video.figure is None else round(video.figure, 1),
            kinds={kind: n for kind, n in video.kinds.items() if n},
            classes=video.classes,
        )
        for number, (video, picture) in enumerate(zip(content.videos, pictures, strict=True))
    ]
    return dict(figure=content.figure_name, truth=_has_truth(content), kinds=KINDS, videos=rows)


def _has_truth(content: Content) -> bool:
    return any(video.truth is not None for video in content.videos)


def _html(content: Content) -> str:
    import jinja2

    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    classes = sorted({name for video in content.videos for name in video.classes})
    kinds = {kind: name for kind, name in KINDS.items() if any(video.kinds.get(kind) for video in content.videos)}
    return environment.get_template("index.html").render(
        content=content,
        names=KINDS,
        most=max((gain for _, gain, _, _ in content.errors), default=0) or 1,
        classes=classes,
        kinds=kinds,
        truth=_has_truth(content),
        plot=PLOT,
        lines={} if content.chart is None else _lines(content.chart),
    )


def _lines(chart: Chart) -> dict[str, str]:
    """Points of the chart's curves in its pixels, as SVG takes them."""
    width, height = PLOT
    return {
        name: " ".join(f"{x * width:.1f},{(1 - y) * height:.1f}" for x, y in points)
        for name, points in chart.curves.items()
    }
