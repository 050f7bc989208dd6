"""A picture of when each track is there."""

from pathlib import Path

import numpy as np

from mmvis_ext.utils.errors import InputError
from mmvis_ext.visualization.fonts import legible
from mmvis_ext.visualization.palette import colour
from mmvis_ext.visualization.text import put_text, text_size

from .output import FinishedVideo, Output

__all__ = ["Timeline", "timeline_picture"]

ROW, MARGIN, TEXT = 22, 10, 14  # pixels: height of a row, around everything, font
BAR = 900  # pixels of the whole video
INK, GREY, PAPER = (40, 40, 40), (225, 225, 225), (255, 255, 255)
TICKS = 8
MOST = 200  # tracks; more would make a picture that nobody reads


class Timeline(Output):
    """``timeline.png``: a bar per track in the colour that it has in the overlay, best first."""

    def finish(self, video: FinishedVideo) -> Path:
        """See :class:`Output`."""
        import cv2

        path = self.folder / "timeline.png"
        if not cv2.imwrite(str(path), timeline_picture(video)[..., ::-1]):
            raise InputError(f"{path}: cannot be written; make room there or choose another place.")
        return path


def timeline_picture(video: FinishedVideo) -> np.ndarray:
    """The picture, (h,w,3) uint8 RGB; of very many tracks the best 200."""
    tracks = video.tracks.tracks[:MOST]
    labels = video.labels()[:MOST]
    names = [legible(video.categories[label]["name"], f"class {label}") for label in labels]
    captions = [
        f"{track.track_id}  {name} {track.scores.max():.2f}" for track, name in zip(tracks, names, strict=True)
    ] or ["no track"]
    left = MARGIN + max(text_size(caption, TEXT)[0] for caption in captions) + MARGIN
    height = MARGIN + ROW * len(captions) + ROW + MARGIN
    picture = np.full((height, left + BAR + 3 * MARGIN, 3), PAPER, np.uint8)
    length = len(video.stamps)
    edges = np.linspace(0, length, BAR + 1)
    for row, caption in enumerate(captions):
        top = MARGIN + ROW * row
        put_text(picture, caption, MARGIN, top, TEXT, INK)
        picture[top + 3 : top + ROW - 3, left : left + BAR] = GREY
        if row < len(tracks):
            there = np.concatenate([[0], np.cumsum(tracks[row].visible)])
            begins, ends = np.floor(edges[:-1]).astype(int), np.ceil(edges[1:]).astype(int)
            shown = there[np.minimum(ends, length)] > there[begins]  # in any frame of the column
            picture[top + 3 : top + ROW - 3, left : left + BAR][:, shown] = colour(tracks[row].track_id)
    _draw_axis(picture, video, left, MARGIN + ROW * len(captions))
    return picture


def _draw_axis(picture: np.ndarray, video: FinishedVideo, left: int, top: int) -> None:
    """Round times, or round frame numbers where times are not known, at the left edge of the frame that has them."""
    from matplotlib.ticker import MaxNLocator

    times = np.array([stamp.time for stamp in video.stamps])
    timed = np.isfinite(times).all()
    scale = times if timed else np.array([stamp.number for stamp in video.stamps])
    values = MaxNLocator(TICKS, steps=[1, 2, 5, 10], integer=not timed).tick_values(scale[0], scale[-1])
    for value in values[(values >= scale[0]) & (values <= scale[-1])]:
        x = left + round(np.interp(value, scale, np.arange(len(scale))) / len(scale) * BAR)
        picture[top : top + 4, x] = INK
        text = f"{value:g} s" if timed else f"{value:g}"
        put_text(picture, text, x - text_size(text, TEXT - 2)[0] // 2, top + 4, TEXT - 2, INK)
