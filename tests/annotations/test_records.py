"""Tracks with masks and tracks of boxes alone say alike where they are."""

import numpy as np
import pytest
from small_file import HEIGHT, WIDTH, rectangle

from mmvis_ext.annotations.records import TrackAnnotation, VideoRecord
from mmvis_ext.structures import encode

BOXES = np.array([[3, 2, 15, 10], [0, 0, 0, 0], [3, 4, 15, 12], [0, 0, 0, 0]], np.float32)


def track(masks: bool, **kwargs) -> TrackAnnotation:
    rles = [encode(rectangle(0, t)[None])[0] if t % 2 == 0 else None for t in range(4)] if masks else []
    return TrackAnnotation(0, 5, rles, BOXES, **kwargs)


@pytest.mark.parametrize("masks", [True, False])
def test_a_track_is_visible_where_it_has_a_mask_or_a_box(masks):
    assert track(masks).visible.tolist() == [True, False, True, False]


def test_where_there_are_masks_they_decide():
    one = track(True)
    one.segmentations[0] = None
    assert one.visible.tolist() == [False, False, True, False]


def test_a_box_without_area_shows_nothing():
    boxes = np.array([[1, 1, 1, 5], [1, 1, 5, 1], [5, 5, 1, 1], [1, 1, 5, 5]], np.float32)
    assert TrackAnnotation(0, 5, [], boxes).visible.tolist() == [False, False, False, True]


@pytest.mark.parametrize("masks", [True, False])
def test_a_lower_frame_rate_drops_tracks_that_are_no_longer_seen(masks):
    video = VideoRecord(1, HEIGHT, WIDTH, list("abcd"), [0, 1, 2, 3], [track(masks)])
    assert video.frames([0, 2]).tracks[0].visible.tolist() == [True, True]
    video.tracks = [TrackAnnotation(0, 5, one.segmentations[::-1], one.boxes[::-1]) for one in video.tracks]
    assert video.frames([0, 2]).tracks == []


def test_some_frames_keep_their_areas():
    one = track(True, areas=[1.0, None, 3.0, None])
    assert one.frames([2, 3]).areas == [3.0, None]
    assert track(True).frames([2, 3]).areas is None
