"""Videos as phones, microscopes and screen recorders write them."""

import numpy as np
import pytest
from odd_videos import halves, turned, write_video

from mmvis_ext.videos import open_video


def test_times_of_a_rate_that_varies_are_kept(tmp_path):
    times = (0, 40, 80, 500, 520, 1400)
    source = open_video(write_video(tmp_path / "a.mp4", times=times))
    frames = list(source.frames())
    assert [frame.time for frame in frames] == pytest.approx([t / 1000 for t in times], abs=2e-3)
    assert [frame.number for frame in frames] == list(range(6))
    assert [frame.name for frame in frames][:2] == ["00000", "00001"]


def test_times_begin_at_zero_and_never_stand_still(tmp_path, monkeypatch):
    from mmvis_ext.videos.capture import Capture

    path = write_video(tmp_path / "a.mp4")
    monkeypatch.setattr(Capture, "time", property(lambda _: 7.0))
    times = [frame.time for frame in open_video(path).frames()]
    assert times == pytest.approx([0, 0.1, 0.2, 0.3])


def test_a_video_of_a_phone_is_turned(tmp_path):
    path = write_video(tmp_path / "a.mp4")
    (tmp_path / "b.mp4").write_bytes(turned(path.read_bytes()))
    upright, turned_one = next(iter(open_video(path))), next(iter(open_video(tmp_path / "b.mp4")))
    assert turned_one.shape == (64, 48, 3)
    np.testing.assert_allclose(turned_one.astype(int), np.rot90(upright, -1), atol=3)


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("a.mp4", "libx264", "yuv420p10le"),
        ("a.mkv", "ffv1", "gray"),
        ("b.mkv", "ffv1", "gray10le"),
        ("a.webm", "libvpx-vp9", "yuv420p"),
        ("a.mov", "libx264", "yuv444p"),
    ],
)
def test_deep_and_grey_videos(name, codec, pixels, tmp_path):
    source = open_video(write_video(tmp_path / name, codec, pixels))
    frames = list(source)
    assert len(frames) == 4
    for t, frame in enumerate(frames):
        assert frame.dtype == np.uint8
        assert np.abs(frame.astype(int) - halves(t)).mean() < 4


def test_odd_sizes(tmp_path):
    source = open_video(write_video(tmp_path / "a.mkv", "ffv1", "yuv444p", size=(47, 63)))
    assert next(iter(source)).shape == (47, 63, 3)
