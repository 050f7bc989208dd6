"""What a reader of a format is asked to read, and what a format is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.annotations.tolerance import Tolerance

__all__ = ["TRACK_BY", "Format", "Source"]

TRACK_BY = ("id", "label")
"""What makes shapes of several frames one track: an id that was given to them, or their label."""


@dataclass(frozen=True)
class Source:
    """Labels to read.

    Attributes:
        path: file or folder of the labels.
        frames: folder with a folder of pictures per video, or with the pictures of a single video; only some formats
            need it, since others name the frames.
        track_by: of :data:`TRACK_BY`, for formats in which an id may be missing.
        classes: the names of all classes in the order of the result; by default those of the labels.
        fill_boxes: take a box for a mask of all its pixels.
        strict: refuse what is otherwise mended with a warning.
    """

    path: Path
    frames: Path | None = None
    track_by: str = "id"
    classes: Sequence[str] | None = None
    fill_boxes: bool = False
    strict: bool = False

    @property
    def where(self) -> str:
        """How errors name it."""
        return str(self.path)

    def tolerance(self) -> Tolerance:
        """A new count of what is mended."""
        return Tolerance(self.where, self.strict)


class Format(NamedTuple):
    """A form of labels.

    Attributes:
        about: a line for the user.
        read: gives the records of a source; ``None`` if the format is only written.
        write: writes records to a file or folder; ``None`` if the format is only read.
        needs_frames: whether ``read`` needs the folder of the frames.
    """

    about: str
    read: Callable[[Source], AnnotationFile] | None = None
    write: Callable[[AnnotationFile, Path], None] | None = None
    needs_frames: bool = False
