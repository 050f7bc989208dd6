"""Tracks of a video and how they are ranked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmvis_ext.structures import Track, VideoTracks, encode

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


def test_official_entries_carry_the_files_category_ids_and_all_frames():
    entries = video([0.2, 0.9], [0.4, 0.0]).official([30, 10], top_k=2)
    assert entries == [
        dict(video_id=7, score=0.9, category_id=10, segmentations=[MASK, None]),
        dict(video_id=7, score=0.4, category_id=30, segmentations=[MASK, None]),
    ]
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
