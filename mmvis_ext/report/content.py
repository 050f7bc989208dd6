"""What a page shows, whatever the benchmark."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mmvis_ext.structures import RLE

__all__ = ["Chart", "Content", "Figure", "PageTrack", "PageVideo", "Table"]


@dataclass(frozen=True)
class PageTrack:
    """A track of the truth or of the results.

    Attributes:
        name: its class, or what else tells it from the others.
        masks: compressed RLE per frame, ``None`` where it is absent.
        colour: number of its colour; a result and the truth that it finds have the same.
        score: of a result.
        kind: of its error, one of ``KINDS``, or an empty text.
        note: a few words on it, such as its IoU.
        pair: of a result, the place of the truth that it finds; ``None`` without one.
    """

    name: str
    masks: list[RLE | None]
    colour: int
    score: float | None = None
    kind: str = ""
    note: str = ""
    pair: int | None = None


@dataclass(frozen=True)
class PageVideo:
    """A video.

    Attributes:
        name: of the video.
        height: of its masks, pixels.
        width: of its masks, pixels.
        frames: path of each frame.
        truth: its objects; ``None`` where they are not known.
        found: results, best first.
        figure: AP or J&F in 0..100; ``None`` where there is none.
        kinds: how often each kind of error occurs.
        classes: names of the classes of its truth and results, sorted, to choose videos by.
        curve: a figure of each frame in 0..1 that is drawn above the frames, ``None`` where it has none.
    """

    name: str
    height: int
    width: int
    frames: list[Path]
    truth: list[PageTrack] | None
    found: list[PageTrack]
    figure: float | None = None
    kinds: dict[str, int] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)
    curve: list[float | None] | None = None


@dataclass(frozen=True)
class Figure:
    """A figure of the whole data set, and what it says."""

    name: str
    value: float
    about: str


@dataclass(frozen=True)
class Table:
    """A table; numbers are shown with one digit behind the point."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str | float]]


@dataclass(frozen=True)
class Chart:
    """Precision over recall, a curve for each name: points (recall, precision) in 0..1."""

    curves: dict[str, list[tuple[float, float]]]


@dataclass(frozen=True)
class Content:
    """A whole page.

    Attributes:
        title: of the page.
        figure_name: what the figure of a video is, such as AP; empty where there is none.
        videos: all of them.
        figures: of the data set.
        errors: name, gain in AP and in AP50, and number of each kind of error.
        tables: further figures.
        chart: precision over recall.
        notes: sentences on what the page shows and what it cannot.
    """

    title: str
    figure_name: str
    videos: list[PageVideo]
    figures: list[Figure] = field(default_factory=list)
    errors: list[tuple[str, float, float, int]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    chart: Chart | None = None
    notes: list[str] = field(default_factory=list)
