"""The files of one video: its frames, and a script with its tracks, which the page loads when it is asked for."""

import json
import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import cv2

from mmvis_ext.annotations.frames import load_frame
from mmvis_ext.utils.files import read_file
from mmvis_ext.visualization import colour

from .content import PageTrack, PageVideo
from .outlines import outlines, packed

__all__ = ["VideoTask", "page_size", "write_video"]

QUALITY = 82  # of the JPEGs


class VideoTask(NamedTuple):
    """A video to write.

    Attributes:
        number: of the video on the page.
        video: what is shown of it.
        folder: of the page while it is written.
        place: where the page will be at the end; frames that are linked are named from there.
        max_size: longer side of the page's frames, pixels. Smaller frames stay as they are; outlines have this scale.
        link: show the frames where they lie, and copy none.
    """

    number: int
    video: PageVideo
    folder: Path
    place: Path
    max_size: int
    link: bool


def page_size(video: PageVideo, longest: int) -> tuple[int, int]:
    """Height and width of a video whose longer side has ``longest`` pixels."""
    scale = longest / max(video.height, video.width)
    return max(round(video.height * scale), 1), max(round(video.width * scale), 1)


def write_video(task: VideoTask) -> str:
    """Write a video's script and, unless they are linked, its frames.

    Returns:
        Where the page finds the frame in the middle of the video.

    Raises:
        InputError: a frame is missing or broken.
    """
    video, number = task.video, task.number
    height, width = page_size(video, task.max_size)
    scale = width / video.width
    if task.link:
        frames = [quote(os.path.relpath(os.path.realpath(path), task.place)) for path in video.frames]
    else:
        frames = [f"frames/{number}/{t:05d}.jpg" for t in range(len(video.frames))]
        (task.folder / f"frames/{number}").mkdir(parents=True)
        for path, name in zip(video.frames, frames, strict=True):
            _write_frame(path, task.folder / name, (video.height, video.width), task.max_size)
    data = dict(
        height=height,
        width=width,
        frames=frames if task.link else len(frames),
        truth=None if video.truth is None else [_track(track, scale) for track in video.truth],
        found=[_track(track, scale) for track in video.found],
        curve=video.curve and [None if value is None else round(value, 3) for value in video.curve],
    )
    text = json.dumps(data, separators=(",", ":"))
    (task.folder / f"data/{number}.js").write_text(f"reportVideo({number},{text});\n")
    return frames[len(frames) // 2]


def _write_frame(path: Path, target: Path, size: tuple[int, int], max_size: int) -> None:
    image = load_frame(lambda: read_file(path), str(path), size)
    scale = max_size / max(image.shape)
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    target.write_bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes())


def _track(track: PageTrack, scale: float) -> dict:
    """A track as the page reads it; what is empty is left out."""
    red, green, blue = colour(track.colour)
    data = dict(
        name=track.name,
        colour=f"#{red:02x}{green:02x}{blue:02x}",
        score=None if track.score is None else round(track.score, 3),
        kind=track.kind,
        note=track.note,
        pair=track.pair,
        masks=[packed(outlines(mask, scale)) for mask in track.masks],
    )
    return {name: value for name, value in data.items() if value not in (None, "")}
