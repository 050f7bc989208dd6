"""The measures of DAVIS that need no first mask: of all objects (2019), and of one foreground (2016)."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmvis_ext.annotations.index_png import foreground_png, index_png, read_foreground, read_index_map, read_index_maps
from mmvis_ext.annotations.lists import read_frame_list, read_sequence_list
from mmvis_ext.annotations.tolerance import Tolerance

from .davis_2016 import evaluate_foreground
from .davis_jf import SequenceFigures, evaluate_sequence

__all__ = ["FOREGROUND", "OBJECTS", "Protocol"]


class Protocol(NamedTuple):
    """How truth and results are read, compared and written.

    Attributes:
        read_truths: maps of a sequence, (H, W) uint8 each, from the paths of its PNGs.
        read_result: such a map from the path of a PNG.
        evaluate: a sequence's figures from its name, pairs of maps, and a name in error messages.
        png: content of a PNG with a map of results.
        read_list: a list of sequences; with the names of their frames, or ``None`` for all.
        annotations: where the PNGs lie in the official folder.
        val: the list of the sequences that the official evaluation judges.
    """

    read_truths: Callable[[Sequence[str | Path]], Iterator[np.ndarray]]
    read_result: Callable[[str | Path], np.ndarray]
    evaluate: Callable[..., SequenceFigures]
    png: Callable[[np.ndarray], bytes]
    read_list: Callable[[str | Path], dict[str, list[str] | None]]
    annotations: str
    val: str


def _object_maps(paths: Sequence[str | Path]) -> Iterator[np.ndarray]:
    return read_index_maps(paths, Tolerance("the truth"))


def _foregrounds(paths: Sequence[str | Path]) -> Iterator[np.ndarray]:
    return map(read_foreground, paths)


def _sequences(path: str | Path) -> dict[str, list[str] | None]:
    return dict.fromkeys(read_sequence_list(path))


OBJECTS = Protocol(
    _object_maps, read_index_map, evaluate_sequence, index_png, _sequences,
    "Annotations_unsupervised/480p", "ImageSets/2017/val.txt",
)  # fmt: skip
FOREGROUND = Protocol(
    _foregrounds, read_foreground, evaluate_foreground, foreground_png, read_frame_list,
    "Annotations/480p", "ImageSets/480p/val.txt",
)  # fmt: skip
