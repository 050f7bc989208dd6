"""Tracks with masks and tracks of boxes alone say alike where they are."""

import numpy as np
import pytest
from small_file import HEIGHT, WIDTH, rectangle

from mmvis_ext.datasets.records import AnnotationFile, TrackAnnotation, VideoRecord
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


def test_the_official_form_of_boxes_alone_has_no_segmentations():
    entry = track(False, iscrowd=True).official(9)
    assert entry == dict(
        id=0,
        video_id=9,
        category_id=5,
        iscrowd=1,
        bboxes=[[3, 2, 12, 8], None, [3, 4, 12, 8], None],
        areas=[96, None, 96, None],
    )
    with_masks = track(True).official(9)
    assert entry | dict(iscrowd=0) == {k: v for k, v in with_masks.items() if k != "segmentations"}
    assert [s is not None for s in with_masks["segmentations"]] == [True, False, True, False]


def test_a_file_of_boxes_alone_is_written_in_the_official_form():
    video = VideoRecord(9, HEIGHT, WIDTH, list("abcd"), [0, 1, 2, 3], [track(False), track(False)])
    written = AnnotationFile("", [dict(id=5, name="x")], [video]).official()
    assert [a["id"] for a in written["annotations"]] == [1, 2]
    assert all("segmentations" not in a for a in written["annotations"])
