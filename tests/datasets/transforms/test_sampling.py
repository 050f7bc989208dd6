"""Which frames a training sample shows."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmvis_ext.datasets.transforms import ClipSample
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.mirror import mirrored


def draw(length: int, seed: int = 0, **kwargs) -> list[list[int]]:
    """The clips of one sample, as lists of frame numbers."""
    random.seed(seed)
    sampler = ClipSample(**kwargs)
    frames = sampler.sample(length)
    return [frames[i : i + sampler.clip_len] for i in range(0, len(frames), sampler.clip_len)]


@given(st.integers(1, 30), st.integers(1, 8), st.integers(1, 3), st.integers(1, 4), st.integers(0, 99))
def test_clips_are_consecutive_frames_of_the_video(length, clip_len, num_clips, stride, seed):
    clips = draw(length, seed, clip_len=clip_len, num_clips=num_clips, stride=stride)
    assert len(clips) == num_clips
    for clip in clips:
        assert len(clip) == clip_len
        assert all(0 <= t < length for t in clip)
        steps = {b - a for a, b in itertools.pairwise(clip)}
        if clip_len < length or (clip_len == length and num_clips == 1):
            assert len(steps) <= 1
            assert steps <= set(range(1, stride + 1))
        else:
            assert steps <= {-1, 0, 1}


@given(st.integers(1, 8), st.integers(2, 3), st.integers(0, 10), st.integers(0, 99))
def test_clips_do_not_overlap_where_the_video_is_long_enough(clip_len, num_clips, more, seed):
    clips = draw(clip_len * num_clips + more, seed, clip_len=clip_len, num_clips=num_clips)
    frames = [t for clip in clips for t in clip]
    assert len(set(frames)) == len(frames)


def test_clips_overlap_as_little_as_a_shorter_video_allows():
    for seed in range(8):
        assert sorted(draw(6, seed, clip_len=4, num_clips=2)) == [[0, 1, 2, 3], [2, 3, 4, 5]]
        assert sorted(clip[0] for clip in draw(8, seed, clip_len=4, num_clips=3)) == [0, 2, 4]


def test_a_video_that_is_no_longer_than_a_clip_is_cut_into_halves():
    for seed in range(8):
        assert sorted(draw(6, seed, clip_len=6, num_clips=2)) == [[0, 1, 2, 1, 0, 1], [3, 4, 5, 4, 3, 4]]
        assert sorted(draw(3, seed, clip_len=4, num_clips=2)) == [[0, 0, 0, 0], [1, 2, 1, 2]]
        assert draw(1, seed, clip_len=2, num_clips=2) == [[0, 0], [0, 0]]
        assert draw(6, seed, clip_len=6) == [[0, 1, 2, 3, 4, 5]], "one clip is the whole video"
    assert {draw(6, seed, clip_len=6, num_clips=2)[0][0] for seed in range(8)} == {0, 3}, "in both orders"


@given(st.integers(2, 9), st.integers(0, 9), st.integers(2, 4), st.integers(0, 99))
def test_clips_of_one_short_video_share_no_frame(length, more, num_clips, seed):
    clips = draw(length, seed, clip_len=length + more, num_clips=num_clips)
    assert {t for clip in clips for t in clip} == set(range(length))
    if length >= num_clips:
        assert sum(len(set(clip)) for clip in clips) == length


def test_every_place_and_every_order_of_clips_is_drawn():
    starts = {tuple(clip[0] for clip in draw(6, seed, clip_len=2, num_clips=2)) for seed in range(300)}
    allowed = {(a, b) for a in range(5) for b in range(5) if abs(a - b) >= 2}
    assert starts == allowed
    assert {draw(5, seed, clip_len=2)[0][0] for seed in range(100)} == {0, 1, 2, 3}


def test_a_clip_as_long_as_the_video_is_the_video():
    assert draw(5, clip_len=5) == [[0, 1, 2, 3, 4]]


def test_a_stride_is_drawn_and_lowered_where_the_video_is_too_short():
    drawn = {clip[1] - clip[0] for seed in range(60) for clip in draw(30, seed, clip_len=3, stride=(2, 4))}
    assert drawn == {2, 3, 4}
    assert draw(7, clip_len=3, stride=5)[0] == [0, 3, 6]
    assert draw(2, clip_len=3, stride=5)[0] == [0, 1, 0]
    assert len(draw(2, clip_len=1, stride=5)[0]) == 1


def test_one_stride_serves_all_clips_of_a_sample():
    for seed in range(20):
        clips = draw(40, seed, clip_len=3, num_clips=2, stride=(1, 4))
        assert len({clip[1] - clip[0] for clip in clips}) == 1


@given(st.integers(1, 30), st.integers(1, 6), st.integers(1, 3), st.integers(0, 99))
def test_a_scattered_clip_is_different_frames_in_time_order(length, clip_len, num_clips, seed):
    for clip in draw(length, seed, clip_len=clip_len, num_clips=num_clips, scattered=True):
        assert len(clip) == clip_len
        if clip_len <= length:
            assert clip == sorted(set(clip))
            assert set(clip) <= set(range(length))
        else:
            assert clip == [mirrored(t, length) for t in range(clip_len)]


def test_a_scattered_clip_may_be_any_frames():
    drawn = {tuple(draw(5, seed, clip_len=3, scattered=True)[0]) for seed in range(300)}
    assert drawn == set(itertools.combinations(range(5), 3))


def test_several_scattered_clips_are_drawn_independently():
    pairs = [draw(9, seed, clip_len=2, num_clips=2, scattered=True) for seed in range(60)]
    assert all(len(p) == 2 for p in pairs)
    assert sum(p[0] == p[1] for p in pairs) < 15


def test_a_still_image_is_repeated():
    assert draw(1, clip_len=3, scattered=True) == draw(1, clip_len=3) == [[0, 0, 0]]


def test_a_scattered_clip_has_no_stride():
    for stride in (2, (1, 3)):
        with pytest.raises(InputError, match="has no meaning"):
            ClipSample(clip_len=3, stride=stride, scattered=True)


def test_frames_become_lists_clip_after_clip():
    images = [dict(img_path=f"{t}.jpg", frame_id=t) for t in range(9)]
    video = dict(video_id=3, video_length=9, images=images)
    results = ClipSample(clip_len=2, num_clips=2)(video)
    assert results["img_path"] == [f"{t}.jpg" for t in results["frame_id"]]
    assert len(results["frame_id"]) == 4
    assert results["num_clips"] == [2] * 4
    assert results["video_id"] == [3] * 4
    assert results["ori_video_length"] == [9] * 4


@pytest.mark.parametrize(
    "kwargs",
    [dict(clip_len=0), dict(clip_len=1, num_clips=0), dict(clip_len=1, stride=0), dict(clip_len=1, stride=(3, 2))],
)
def test_impossible_settings_are_refused(kwargs):
    with pytest.raises(InputError, match="must be at least 1"):
        ClipSample(**kwargs)
