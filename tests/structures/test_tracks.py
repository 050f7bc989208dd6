"""Tracks of a video and how they are ranked."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmvis_ext.structures import Track, VideoTracks, boxes_of, encode
from mmvis_ext.utils.errors import InputError

MASK = encode(np.ones((1, 4, 6)))[0]


def track(track_id: int, scores: list[float], shown: tuple[bool, ...] = (True, False)) -> Track:
    return Track(track_id, np.array(scores), [MASK if s else None for s in shown], np.zeros((len(shown), 4)))


def video(*scores: list[float]) -> VideoTracks:
    return VideoTracks(7, 4, 6, 2, [track(i, s) for i, s in enumerate(scores)])


def ranked_slowly(scores: list[list[float]], top_k: int, min_score: float) -> list[tuple[int, int, float]]:
    pairs = [(i, k, s) for i, row in enumerate(scores) for k, s in enumerate(row)]
    pairs.sort(key=lambda pair: -pair[2])  # stable
    return [pair for pair in pairs[:top_k] if pair[2] >= min_score]


@given(
    st.lists(st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.5, 0.9]), min_size=3, max_size=3), max_size=5),
    st.integers(1, 20),
    st.sampled_from([0.0, 0.1, 0.6]),
)
def test_the_best_pairs_of_track_and_class_come_first(scores, top_k, min_score):
    found = video(*scores).ranked(top_k, min_score)
    assert [(t.track_id, k, s) for t, k, s in found] == ranked_slowly(scores, top_k, min_score)


def test_one_track_may_stand_several_times():
    assert [(t.track_id, k) for t, k, _ in video([0.9, 0.8], [0.1, 0.85]).ranked(3)] == [(0, 0), (1, 1), (0, 1)]


@given(
    st.lists(st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.5, 0.9]), min_size=3, max_size=3), max_size=5),
    st.integers(1, 20),
    st.integers(1, 3),
)
def test_a_track_stands_with_its_best_classes_alone(scores, top_k, classes):
    found = [(t.track_id, k) for t, k, _ in video(*scores).ranked(top_k, classes_per_track=classes)]
    best = {(i, k) for i, row in enumerate(scores) for k in sorted(range(3), key=lambda k: -row[k])[:classes]}
    pairs = [(i, k) for i, k, _ in ranked_slowly(scores, 99, 0.0)]
    assert found == [pair for pair in pairs if pair in best][:top_k]


def test_official_entries_carry_the_files_category_ids_and_all_frames():
    entries = video([0.2, 0.9], [0.4, 0.0]).official([30, 10], top_k=2)
    assert entries == [
        dict(video_id=7, score=0.9, category_id=10, segmentations=[MASK, None]),
        dict(video_id=7, score=0.4, category_id=30, segmentations=[MASK, None]),
    ]
    one_class = video([0.2, 0.9], [0.4, 0.0], [0.8, 0.85]).official([30, 10], top_k=9, classes_per_track=1)
    assert [e["score"] for e in one_class] == [0.9, 0.85, 0.4]
    assert all(type(e["score"]) is float and type(e["category_id"]) is int for e in entries)


def test_a_video_without_tracks_has_no_entries():
    empty = video()
    assert len(empty) == 0
    assert list(empty) == empty.ranked(5) == empty.official([1], 5) == []


def test_visible_is_where_there_is_a_mask():
    assert track(0, [1.0], (True, False, True)).visible.tolist() == [True, False, True]


def test_a_track_needs_one_box_per_frame():
    with pytest.raises(ValueError, match="2 segmentations but 3 boxes"):
        Track(0, np.zeros(1), [None, None], np.zeros((3, 4)))


# handed on to supervision


def drawn(x: int, score: float, track_id: int, frames: str = "##") -> Track:
    """A track of class 1 whose 4x3 box starts at x, in the frames with a ``#``."""
    mask = np.zeros((6, 9), np.uint8)
    mask[2:5, x : x + 4] = 1
    masks = [encode(mask[None])[0] if shown == "#" else None for shown in frames]
    return Track(track_id, np.array([score / 2, score]), masks, boxes_of(masks))


def test_a_frame_becomes_detections_of_supervision():
    tracks = VideoTracks(7, 6, 9, 2, [drawn(0, 0.4, 3), drawn(5, 0.8, 1, ".#"), drawn(2, 0.2, 0)])
    first, second = tracks.to_supervision(0), tracks.to_supervision(1)
    assert (first.tracker_id.tolist(), second.tracker_id.tolist()) == ([3, 0], [1, 3, 0]), "the best first"
    assert second.xyxy.tolist() == [[5, 2, 9, 5], [0, 2, 4, 5], [2, 2, 6, 5]]
    assert second.confidence.tolist() == pytest.approx([0.8, 0.4, 0.2])
    assert second.class_id.tolist() == [1, 1, 1]
    assert second.mask.dtype == bool
    assert second.mask.shape == (3, 6, 9)
    assert [np.argwhere(m).min(0).tolist() for m in second.mask] == [[2, 5], [2, 0], [2, 2]]
    assert tracks.to_supervision(1, min_score=0.4).tracker_id.tolist() == [1, 3]


def test_frames_without_tracks_and_tracks_without_masks_are_handed_on_too():
    nothing = VideoTracks(7, 6, 9, 2).to_supervision(1)
    assert (len(nothing), nothing.mask.shape) == (0, (0, 6, 9))
    boxes = np.array([[0, 0, 0, 0], [1, 2, 3, 4]], np.float32)
    found = VideoTracks(7, 6, 9, 2, [Track(5, np.array([0.9]), None, boxes)]).to_supervision(1)
    assert (found.xyxy.tolist(), found.mask, found.tracker_id.tolist()) == ([[1, 2, 3, 4]], None, [5])


@pytest.mark.parametrize("t", [-1, 2])
def test_a_frame_that_the_video_lacks_is_refused(t):
    with pytest.raises(InputError, match=f"video 7: has no frame {t}"):
        VideoTracks(7, 6, 9, 2).to_supervision(t)


def test_without_supervision_the_sentence_names_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "supervision", None)
    with pytest.raises(InputError, match="pip install supervision"):
        VideoTracks(7, 6, 9, 2).to_supervision(0)
