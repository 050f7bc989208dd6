"""Writes tracks in the form that DAVIS takes: at most 20 proposals that do not overlap, in indexed PNGs."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
from pycocotools import mask as coco_mask

from mmvis_ext.annotations.index_png import index_png
from mmvis_ext.structures.rle import RLE
from mmvis_ext.structures.tracks import VideoTracks
from mmvis_ext.utils.errors import InputError

from .results_folder import check_results_folder

__all__ = ["best_proposals", "check_davis_folder", "index_map", "index_maps", "write_sequence"]


def check_davis_folder(path: str | Path) -> Path:
    """Check that a folder can take results, and return its path; see :func:`check_results_folder`.

    Raises:
        InputError: it is a file, holds something else than folders of PNGs, or cannot be written.
    """
    return check_results_folder(path, "DAVIS", lambda name: "/" in name and name.endswith(".png"))


def best_proposals(tracks: VideoTracks, number: int, min_score: float = 0.0) -> list[list[RLE | None]]:
    """Masks of the best tracks, one per frame, best first.

    What counts is the score of a track's best class times the number of frames that show the track. By the score alone
    a few specks of one frame each, which tend to score high, would displace an object that is there all the time.
    Equals keep their order. Tracks without any mask are left out.

    Args:
        tracks: of a video.
        number: how many are kept.
        min_score: tracks whose best class scores less are left out.

    Raises:
        InputError: the tracks have boxes alone.
    """
    if any(track.segmentations is None for track in tracks):
        raise InputError("DAVIS compares masks, but the model gives boxes alone; test a model with a mask branch.")
    ranked = sorted((t for t in tracks if t.visible.any()), key=lambda t: -t.scores.max() * t.visible.sum())
    return [t.segmentations or [] for t in ranked[:number] if t.scores.max() >= min_score]


def index_maps(
    proposals: Sequence[Sequence[RLE | None]], size: tuple[int, int], length: int, dtype: type = np.uint8
) -> Iterator[np.ndarray]:
    """The proposals of each frame in one map; where masks overlap, the earlier proposal has the pixel.

    Args:
        proposals: each one compressed RLE or ``None`` per frame.
        size: (H, W) of the frames.
        length: number of frames.
        dtype: of the maps; it must hold the number of proposals.

    Yields:
        (H, W) of ``dtype`` per frame: 0 is background, 1 the first proposal.
    """
    for t in range(length):
        yield index_map([(i, masks[t]) for i, masks in enumerate(proposals, 1)], size, dtype)


def index_map(masks: Sequence[tuple[int, RLE | None]], size: tuple[int, int], dtype: type = np.uint8) -> np.ndarray:
    """The masks of a frame in one map; where they overlap, the earlier one has the pixel.

    Args:
        masks: of each object its index and a compressed RLE, or ``None`` where it is absent.
        size: (H, W) of the frame.
        dtype: of the map; it must hold the indices.

    Returns:
        (H, W) of ``dtype``: 0 is background.
    """
    height, width = size
    # column-major, as the masks are encoded
    out: np.ndarray = np.zeros((width, height), dtype)
    for index, rle in reversed(masks):
        if rle is not None:
            np.copyto(out, dtype(index), where=coco_mask.decode(rle).T.view(bool))
    return np.ascontiguousarray(out.T)


def write_sequence(
    root: Path, file_names: Sequence[str], maps: Iterator[np.ndarray], png: Callable[[np.ndarray], bytes] = index_png
) -> None:
    """Write a PNG per frame, (H, W) uint8 each: ``root/SEQUENCE/00000.png`` for ``SEQUENCE/00000.jpg``."""
    for name, index_map in zip(file_names, maps, strict=True):
        path = root / PurePosixPath(name).with_suffix(".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(index_map))
