"""Contact sheets, which show frames of a video on one picture, and side-by-side comparisons."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from .shown import ShownTrack, draw_shown
from .text import put_text, text_size

__all__ = ["CELL", "Row", "cell_scale", "comparison_sheet", "contact_sheet", "side_by_side", "spread"]

CELL = 320  # longer side of a cell (a frame on a sheet) in pixels
GAP, MARGIN = 6, 16  # between cells, around the sheet
APART = 28  # between groups of cells
TITLE, LABEL = 24, 15  # font sizes
PAPER, INK, GREY = 252, (25, 25, 25), (110, 110, 110)
NAMES = ("truth", "prediction")


@dataclass(frozen=True)
class Row:
    """A row of pictures over time.

    Attributes:
        title: written to the left of the row.
        cells: pictures of the same size, (h, w, 3) uint8 RGB.
        notes: one short text above each cell, or empty for no texts.
    """

    title: str
    cells: Sequence[np.ndarray]
    notes: Sequence[str] = field(default_factory=tuple)


def spread(length: int, count: int) -> list[int]:
    """At most ``count`` frame numbers, evenly spread over a video of ``length`` frames, including first and last."""
    return np.unique(np.linspace(0, length - 1, min(length, count)).round().astype(int)).tolist()


def cell_scale(height: int, width: int) -> float:
    """Factor that scales a frame to the size of a cell."""
    return CELL / max(height, width)


def side_by_side(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Put ground truth (``left``) and prediction (``right``) beside each other, with these names above them.

    Args:
        left: (h, w, 3) uint8 RGB.
        right: (h, w, 3) uint8 RGB.

    Returns:
        (h', w', 3) uint8 RGB.
    """
    band, (height, width, _) = LABEL + GAP, left.shape
    picture = np.full((band + height, 2 * width + GAP, 3), PAPER, dtype=np.uint8)
    for x, part, name in ((0, left, NAMES[0]), (width + GAP, right, NAMES[1])):
        picture[band:, x : x + width] = part
        put_text(picture, name, x + GAP, 1, LABEL, GREY)
    return picture


def comparison_sheet(
    frames: Sequence[np.ndarray],
    truth: Sequence[ShownTrack] | None,
    prediction: Sequence[ShownTrack],
    times: Sequence[int] | None = None,
    title: str = "",
    columns: int = 2,
) -> np.ndarray:
    """A sheet that shows each frame twice, with ground truth on the left and prediction on the right.

    Args:
        frames: n frames, (H, W, 3) uint8 RGB; they are scaled to the size of a cell.
        truth: tracks of the whole video; ``None`` if there is no ground truth.
        prediction: tracks of the whole video, see :func:`take_colours`.
        times: the frames' n numbers in the video; 0 to n-1 by default.
        title: title of the sheet.
        columns: number of pairs per row; without ground truth, twice as many frames per row.

    Returns:
        (h, w, 3) uint8 RGB.
    """
    times = range(len(frames)) if times is None else times
    scale = cell_scale(*frames[0].shape[:2])
    sides = [prediction] if truth is None else [truth, prediction]
    cells = [draw_shown(frame, side, t, scale) for frame, t in zip(frames, times, strict=True) for side in sides]
    names = NAMES[-len(sides) :]
    notes = [f"frame {t} · {name}" for t in times for name in names]
    return contact_sheet([Row("", cells, notes)], title, 2 * columns, group=len(sides))


def contact_sheet(rows: Sequence[Row], title: str = "", columns: int = 6, group: int = 1) -> np.ndarray:
    """A sheet of rows of pictures. Like lines of music, rows longer than ``columns`` go on together in blocks below.

    Args:
        rows: at least one row with at least one cell each; all cells have the same size.
        title: title of the sheet.
        columns: cells per row of the sheet.
        group: after each ``group`` cells, leave a wider gap.

    Returns:
        (h, w, 3) uint8 RGB.
    """
    length = max(len(row.cells) for row in rows)
    columns = min(columns, length)
    cell_height, cell_width = rows[0].cells[0].shape[:2]
    named = max(text_size(row.title, LABEL)[0] if row.title else 0 for row in rows)
    left = MARGIN + (named + MARGIN if named else 0)
    lefts = [left + i * (cell_width + GAP) + i // group * (APART - GAP) * (group > 1) for i in range(columns)]
    strips = [strip for first in range(0, length, columns) for strip in _strips(rows, first, columns)]
    tops = _tops(strips, cell_height, MARGIN + (TITLE + MARGIN if title else 0))
    width = max(lefts[-1] + cell_width, MARGIN + text_size(title, TITLE)[0]) + MARGIN
    sheet = np.full((tops[-1] + cell_height + MARGIN, width, 3), PAPER, dtype=np.uint8)
    put_text(sheet, title, MARGIN, MARGIN - 4, TITLE, INK)
    for strip, top in zip(strips, tops, strict=True):
        put_text(sheet, strip.title, MARGIN, top + (cell_height - LABEL) // 2, LABEL, INK)
        for i, (cell, x) in enumerate(zip(strip.cells, lefts, strict=False)):
            sheet[top : top + cell_height, x : x + cell_width] = cell
            if strip.notes:
                put_text(sheet, strip.notes[i], x, top - LABEL - GAP, LABEL, GREY)
    return sheet


def _strips(rows: Sequence[Row], first: int, columns: int) -> Iterator[Row]:
    """The part of each row that is shown in one block."""
    part = slice(first, first + columns)
    for row in rows:
        if row.cells[part]:
            yield Row(row.title, row.cells[part], row.notes[part])


def _tops(strips: Sequence[Row], cell_height: int, top: int) -> list[int]:
    """The y coordinate at which the cells of each strip begin; strips with notes get a wider gap above them."""
    tops = []
    for i, strip in enumerate(strips):
        top += (MARGIN if i and strip.notes else 0) + (LABEL + GAP if strip.notes else 0)
        tops.append(top)
        top += cell_height + GAP
    return tops
