"""The Cell Tracking Challenge: microscope films of cells that move and divide."""

import os
from collections.abc import Sequence
from typing import Any

from mmvis_ext.annotations.cell_tracking import CELL, MASKS, CellSource, read_cell_videos
from mmvis_ext.annotations.cell_tracking_files import truth_files
from mmvis_ext.annotations.lists import leaves_folder
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.registry import DATASETS
from mmvis_ext.utils.errors import InputError

from .video_dataset import VideoDataset

__all__ = ["CellTrackingDataset"]


@DATASETS.register_module()
class CellTrackingDataset(VideoDataset):
    """Flat sequences of the Cell Tracking Challenge in the official folders, unconverted.

    ``data_root`` is the folder that holds ``01``, ``01_GT`` and ``01_ST``; there is no ``ann_file``. All maps of labels
    are read at each start, each sequence by one process. There is one class, ``cell``. A track is a label of the
    markers, and its ``parent`` the track that it comes from by division. A sequence without ``01_GT`` has no
    annotations.

    Where a cell has a marker and no mask, its marker is void: the cell is absent there, and a model is not told that
    its pixels are background.

    At test, the last window of a video carries two more entries in ``video`` (see :class:`VideoDataset`): ``sequence``,
    its name, and ``truth_files``, the :class:`TruthFiles` of its frames, or ``None`` without annotations. With them
    :class:`CellTrackingMetric` judges.

    Args:
        sequences: names of the sequences.
        frames: ``(first, stop)`` reads the frames from number ``first`` up to the one before ``stop``; by default all.
        masks: where a cell's mask comes from, the preferred one first: ``gold`` (``01_GT/SEG``), ``silver``
            (``01_ST/SEG``), ``marker`` (``01_GT/TRA``, where the markers are whole cells).
        border: pixels along the frame's edge in which the data set does not annotate every cell (the challenge calls
            them E); they are void where no mask is.
        workers: processes that read; one per core by default.
        kwargs: of :class:`VideoDataset`.

    Raises:
        InputError: an argument makes no sense; see also :func:`read_cell_videos` and :class:`VideoDataset`.
    """

    ann_file: str

    def __init__(
        self, *args: Any, sequences: Sequence[str] = ("01",), frames: tuple[int, int] | None = None,
        masks: Sequence[str] = ("gold", "silver"), border: int = 0, workers: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        # on the command line, 01 becomes a number
        names = [f"{s:02d}" if type(s) is int else s for s in sequences] if isinstance(sequences, list | tuple) else []
        _check(names, frames, masks, border)
        self.sequences, self.workers = names, workers
        self.frames = None if frames is None else (frames[0], frames[1])
        self.masks, self.border = list(masks), border
        super().__init__(*args, **kwargs)

    def _join_prefix(self) -> None:
        """The folder stands where other data sets have a file, also in error messages."""
        super()._join_prefix()
        self.ann_file = self.ann_file or self.data_root or "."

    def read(self) -> AnnotationFile:
        source = CellSource(self.data_prefix["img_path"] or ".", self.frames, self.masks, self.border, self.strict)
        return AnnotationFile(self.ann_file, [dict(CELL)], read_cell_videos(source, self.sequences, self.workers))

    def about(self, video: dict, start: int, stop: int) -> dict:
        about = super().about(video, start, stop)
        if stop < video["video_length"]:
            return about
        name = os.path.dirname(video["images"][0]["file_name"])
        truth = truth_files(os.path.join(self.data_prefix["img_path"], f"{name}_GT"))
        return about | dict(sequence=name, truth_files=truth and truth.only([i["img_id"] for i in video["images"]]))


def _check(names: Sequence[str], frames: Sequence[int] | None, masks: Sequence[str], border: int) -> None:
    """Refuse arguments of a data set that make no sense."""
    where = "CellTrackingDataset"
    if not names or len(set(names)) < len(names):
        raise InputError(f"{where}: sequences is no list of different names; write sequences=('01',).")
    odd = next((name for name in names if not isinstance(name, str) or leaves_folder(name) or "/" in name), None)
    if odd is not None:
        raise InputError(f"{where}: {odd!r} is no name of a sequence; write it like its folder, '01'.")
    if frames is not None and ([type(n) for n in frames] != [int, int] or not 0 <= frames[0] < frames[1]):
        raise InputError(f"{where}: frames={frames} is no range; write (0, 60) for the first 60 frames.")
    if isinstance(masks, str) or not masks or not set(masks) <= set(MASKS) or len(set(masks)) < len(masks):
        raise InputError(f"{where}: masks={masks!r} is no list of {', '.join(MASKS)}; name one or more of them.")
    if border < 0:
        raise InputError(f"{where}: border={border} is no number of pixels; give 0 or more.")
