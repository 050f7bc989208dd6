"""Pictures of findings show the frames and tracks that the findings are about."""

import numpy as np
import pytest

from mmvis_ext.annotations.audit import Finding
from mmvis_ext.annotations.records import AnnotationFile, TrackAnnotation, VideoRecord
from mmvis_ext.structures import boxes_of, encode
from mmvis_ext.visualization.finding_sheets import finding_sheet
from mmvis_ext.visualization.sheets import CELL

HEIGHT, WIDTH, LENGTH = 30, 40, 5


@pytest.fixture
def file():
    mask = np.zeros((1, HEIGHT, WIDTH), np.uint8)
    mask[0, 5:20, 5:25] = 1
    rles = encode(mask) * LENGTH
    tracks = [TrackAnnotation(i, 1, rles, boxes_of(rles)) for i in (3, 8)]
    names = [f"a/{t}.jpg" for t in range(LENGTH)]
    video = VideoRecord(4, HEIGHT, WIDTH, names, list(range(LENGTH)), tracks)
    return AnnotationFile("a.json", [dict(id=1, name="dog")], [video])


class Frames:
    """Grey frames, which remember what was asked for."""

    def __init__(self, size=(HEIGHT, WIDTH)):
        self.asked, self.size = [], size

    def __call__(self, video, t):
        self.asked.append((video.id, t))
        return np.full((*self.size, 3), 90, np.uint8)


def coloured(sheet):
    """Pixels of the sheet that are not grey, which tracks alone are."""
    return int((sheet.max(axis=2).astype(int) - sheet.min(axis=2) > 30).sum())


def test_tracks_in_the_frames_around(file):
    frames = Frames()
    sheet = finding_sheet(Finding("jump", "it jumps.", video=4, tracks=(8,), frames=(0, 1)), file, frames)
    assert frames.asked == [(4, 0), (4, 1), (4, 2)]
    assert sheet.shape[1] > 3 * CELL
    alone = coloured(sheet)
    assert alone > 3 * 100
    none = finding_sheet(Finding("jump", "it jumps.", video=4, frames=(0, 1)), file, Frames())
    assert coloured(none) == 0
    assert len(file.videos[0].tracks) == 2


def test_a_frame_of_another_size_is_brought_to_that_of_the_masks(file):
    finding = Finding("frame_size", "it is large.", video=4, frames=(4,))
    frames = Frames((99, 70))
    assert finding_sheet(finding, file, frames).shape[0] < 2 * CELL
    assert frames.asked == [(4, 3), (4, 4)]


def test_frames_that_look_alike(file):
    own, other = Frames(), Frames((40, 20))
    finding = Finding("near_equal_frames", "alike.", part="val", video=4, frames=(2,), like=(4, 1))
    assert finding_sheet(finding, file, own, file, other).shape[1] > 2 * CELL
    assert (own.asked, other.asked) == ([(4, 2)], [(4, 1)])


@pytest.mark.parametrize(
    "finding", [Finding("rare_class", "rare."), Finding("empty_track", "empty.", video=4, tracks=(3,))]
)
def test_nothing_to_look_at(finding, file):
    assert finding_sheet(finding, file, Frames()) is None
