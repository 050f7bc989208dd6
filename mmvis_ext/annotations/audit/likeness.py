"""Frames of two parts of a data set that look nearly the same, found by a small perceptual hash."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from mmvis_ext.annotations.frames import load_frame
from mmvis_ext.annotations.records import AnnotationFile, VideoRecord
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import read_file

from .findings import Finding
from .frames import frame_path

__all__ = ["ALIKE", "difference_hash", "likeness_findings"]

ALIKE = 6  # bits of 64 by which two hashes differ at most
SAMPLED = 8  # frames of a video, evenly spread
FLAT = 4.0  # standard deviation in grey levels below which a small picture says nothing
ROWS, COLUMNS = 8, 8
BITS = np.array([bin(i).count("1") for i in range(256)], np.uint8)


def difference_hash(frame: np.ndarray) -> np.ndarray | None:
    """A hash of how a picture looks from far away.

    The picture is made 9 x 8 grey pixels; each bit says whether a pixel is brighter than the one to its left (dHash).

    Args:
        frame: (H, W, 3) uint8 BGR.

    Returns:
        (8,) uint8, or ``None`` for a picture of nearly one brightness, whose hash would be that of its noise.
    """
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (COLUMNS + 1, ROWS), interpolation=cv2.INTER_AREA).astype(int)
    return np.packbits(small[:, 1:] > small[:, :-1]) if small.std() >= FLAT else None


def likeness_findings(train: AnnotationFile, frames: Path, val: AnnotationFile, val_frames: Path) -> list[Finding]:
    """Pairs of a video of train and one of val that have frames that look alike; one finding each.

    Up to 8 frames of a video are compared, so a short stretch of a long video may be overlooked. False alarms are
    videos of one place by a camera that stands still, and pictures with little in them, such as a sky or a page.

    Raises:
        InputError: a frame lies outside of the folder.
    """
    places, hashes = _hashes(train, frames)
    closest: dict[tuple[int, int], tuple[int, int, int, str, str]] = {}
    for video, t, code in _each(val, val_frames):
        if not places:
            break
        away = BITS[hashes ^ code].sum(axis=1)
        for k in np.flatnonzero(away <= ALIKE).tolist():
            other, s = places[k]
            found = (int(away[k]), t, s, video.file_names[t], other.file_names[s])
            closest[video.id, other.id] = min(found, closest.get((video.id, other.id), found))
    return [
        Finding(
            "near_equal_frames",
            f"frame {name} (video {own}) looks like {other_name} (video {other}) of train; {bits} of 64 bits differ.",
            float(64 - bits),
            "val",
            own,
            frames=(t,),
            like=(other, s),
        )
        for (own, other), (bits, t, s, name, other_name) in closest.items()
    ]


def _hashes(file: AnnotationFile, folder: Path) -> tuple[list[tuple[VideoRecord, int]], np.ndarray]:
    """Video and index of each sampled frame, and their hashes, (n, 8) uint8."""
    found = list(_each(file, folder))
    return [(video, t) for video, t, _ in found], np.array([code for *_, code in found], np.uint8).reshape(-1, 8)


def _each(file: AnnotationFile, folder: Path) -> Iterator[tuple[VideoRecord, int, np.ndarray]]:
    """Sampled frames with their hashes; those that cannot be read, or say nothing, are passed over."""
    for video in file.videos:
        last = len(video.file_names) - 1
        for t in sorted({round(t) for t in np.linspace(0, last, SAMPLED).tolist()}):
            path = frame_path(folder, video.file_names[t], file.path)
            try:
                code = difference_hash(load_frame(lambda path=path: read_file(path), path))  # type: ignore[misc]
            except InputError:
                continue
            if code is not None:
                yield video, t, code
