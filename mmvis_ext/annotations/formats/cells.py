"""Folders of the Cell Tracking Challenge, as records of all their sequences."""

import re

from mmvis_ext.annotations.cell_tracking import CELL, CellSource, read_cell_videos
from mmvis_ext.annotations.records import AnnotationFile
from mmvis_ext.utils.errors import InputError

from .frame_folders import subfolders
from .source import Source

__all__ = ["read_cells"]


def read_cells(source: Source) -> AnnotationFile:
    """Read all sequences (``01``, ``02``) of a data set whose truth (``01_GT``) is there; see :func:`read_cell_videos`.

    Masks are gold where there are any, then silver. Names of frames are relative to the folder.

    Raises:
        InputError: there is no sequence with its truth, or a file is missing or broken.
    """
    folders = set(subfolders(source.path))
    names = sorted(name for name in folders if re.fullmatch(r"[0-9]{2}", name) and f"{name}_GT" in folders)
    if not names:
        raise InputError(f"{source.where}: has no sequence with its truth, such as 01 and 01_GT; give that folder.")
    videos = read_cell_videos(CellSource(str(source.path), strict=source.strict), names)
    return AnnotationFile(source.where, [CELL], videos)
