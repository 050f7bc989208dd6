"""Pictures of what a check of a data set finds."""

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from mmvis_ext.annotations.audit import Finding
from mmvis_ext.annotations.records import AnnotationFile, VideoRecord

from .draw import resized
from .sheets import Row, cell_scale, contact_sheet
from .shown import draw_shown, shown_truth

__all__ = ["finding_sheet"]

AROUND = 1  # frames before and after those of the finding that are shown, too

ReadFrame = Callable[[VideoRecord, int], np.ndarray]


def finding_sheet(
    finding: Finding, file: AnnotationFile, read: ReadFrame, other: AnnotationFile | None = None,
    read_other: ReadFrame | None = None,
) -> np.ndarray | None:  # fmt: skip
    """A sheet of the frames that a finding is about, with its tracks and their boxes.

    Args:
        finding: what was found.
        file: the part of the data that it is in.
        read: gives the frame of a video at an index, (H, W, 3) uint8 RGB.
        other: the other part, for frames that look alike.
        read_other: the same as ``read`` for the other part.

    Returns:
        (h, w, 3) uint8 RGB; ``None`` for a finding that has no frame to look at.

    Raises:
        InputError: a frame cannot be read.
    """
    if finding.video is None or not finding.frames:
        return None
    video = _video(file, finding.video)
    if finding.like is not None:
        assert other is not None
        assert read_other is not None
        twin, s = _video(other, finding.like[0]), finding.like[1]
        pictures = [read(video, finding.frames[0]), read_other(twin, s)]
        cells = [_square(picture) for picture in pictures]
        names = [video.file_names[finding.frames[0]], twin.file_names[s]]
        return contact_sheet([Row("", cells, names)], finding.text)
    around = range(finding.frames[0] - AROUND, finding.frames[-1] + AROUND + 1)
    times = [t for t in around if 0 <= t < len(video.file_names)]
    tracks = [track for track in video.tracks or () if track.id in finding.tracks]
    shown = [
        replace(s, caption=f"{s.caption} {track.id}", boxes=track.boxes)
        for s, track in zip(shown_truth(replace(video, tracks=tracks), file.categories), tracks, strict=True)
    ]
    frames = [_fitted(read(video, t), video) for t in times]
    cells = [draw_shown(f, shown, t, cell_scale(*f.shape[:2]), True) for f, t in zip(frames, times, strict=True)]
    return contact_sheet([Row("", cells, [f"frame {t}" for t in times])], finding.text)


def _video(file: AnnotationFile, number: int) -> VideoRecord:
    return next(video for video in file.videos if video.id == number)


def _fitted(picture: np.ndarray, video: VideoRecord) -> np.ndarray:
    """A frame in the size of its annotations, which it does not have if that is what was found."""
    same = picture.shape[:2] == (video.height, video.width)
    return picture if same else cv2.resize(picture, (video.width, video.height))


def _square(picture: np.ndarray) -> np.ndarray:
    """A picture of any shape on a grey cell, all of which have the same size."""
    small = resized(picture, cell_scale(*picture.shape[:2]))
    side = max(small.shape[:2])
    cell = np.full((side, side, 3), 128, np.uint8)
    cell[: small.shape[0], : small.shape[1]] = small
    return cell
