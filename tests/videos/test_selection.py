"""Which frames are looked at."""

import numpy as np
import pytest

from mmvis_ext.utils.errors import InputError
from mmvis_ext.videos import Frame, FrameFolder, Selection, VideoSource


class Fake(VideoSource):
    """Frames at given times, each filled with its number."""

    name = "fake"

    def __init__(self, times, size=(8, 12), fps=10.0):
        self.times, self.size, self.fps, self.length = times, size, fps, len(times)

    def frames(self):
        for number, time in enumerate(self.times):
            yield Frame(np.full((*self.size, 3), number, np.uint8), number, time, str(number))


TENTHS = [t / 10 for t in range(30)]


def numbers(selection, times=TENTHS):
    return [frame.number for frame in selection.of(Fake(times)).frames()]


def test_nothing_asked_for_is_the_source_itself():
    source = Fake(TENTHS)
    assert Selection().of(source) is source


@pytest.mark.parametrize("stride", [1, 2, 7])
def test_stride(stride):
    assert numbers(Selection(stride=stride, start=0.4)) == list(range(4, 30, stride))
    source = Selection(stride=stride, start=0.4).of(Fake(TENTHS))
    assert source.fps == pytest.approx(10 / stride)


def test_start_and_end():
    assert numbers(Selection(start=0.45, end=1.2)) == list(range(5, 12))
    assert numbers(Selection(end=0.25)) == [0, 1, 2]
    assert numbers(Selection(start=9)) == []


def test_frames_a_second():
    """The first frame in every tick of the clock, also where the rate varies."""
    assert numbers(Selection(fps=5)) == list(range(0, 30, 2))
    assert numbers(Selection(fps=100)) == list(range(30))
    times = [0, 0.01, 0.02, 0.6, 0.61, 3.0]
    assert numbers(Selection(fps=2), times) == [0, 3, 5]
    assert Selection(fps=5).of(Fake(TENTHS)).fps == 5
    assert Selection(fps=100).of(Fake(TENTHS)).fps == 10


def test_length_is_foretold():
    for selection in (Selection(stride=3), Selection(start=1), Selection(end=2, stride=2), Selection(fps=5)):
        assert selection.of(Fake(TENTHS)).length == pytest.approx(len(numbers(selection)), abs=1)


@pytest.mark.parametrize(("size", "most", "expected"), [((8, 120), 60, (4, 60)), ((90, 30), 45, (45, 15))])
def test_large_pictures_are_shrunk(size, most, expected):
    frames = list(Selection(max_size=most).of(Fake(TENTHS, size)))
    assert {frame.shape for frame in frames} == {(*expected, 3)}
    assert [frame.flat[0] for frame in frames] == list(range(30))
    assert next(iter(Selection(max_size=500).of(Fake(TENTHS, size)))).shape == (*size, 3)


def test_the_rate_of_a_folder(tmp_path):
    import cv2

    for t in range(4):
        cv2.imwrite(str(tmp_path / f"{t}.png"), np.zeros((8, 8, 3), np.uint8))
    source = Selection(fps=20, stride=2).of(FrameFolder(tmp_path))
    assert [frame.time for frame in source.frames()] == pytest.approx([0, 0.1])
    assert source.fps == pytest.approx(10)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (dict(stride=0), "stride of 0"),
        (dict(fps=0), "0 fps are no frame rate"),
        (dict(fps=-1), "-1 fps"),
        (dict(fps=float("nan")), "nan fps"),
        (dict(start=5, end=5), "from 5 to 5 seconds"),
        (dict(start=-1), "-1"),
        (dict(max_size=3), "at most 3 pixels"),
    ],
)
def test_what_takes_no_frame_is_refused(asked, said):
    with pytest.raises(InputError, match=said):
        Selection(**asked)
