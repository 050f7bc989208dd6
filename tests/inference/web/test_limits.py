"""What a page takes."""

import shutil

import pytest

from mmvis_ext.inference.web import Limits
from mmvis_ext.utils.errors import InputError


def test_a_video_within_the_limits_is_opened(video):
    source = Limits(video.stat().st_size / 1e6, 2.1).open(video)
    assert (source.name, len(list(source))) == ("shapes.mp4", 21)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(megabytes=0.001), "shapes.mp4: has 0 MB, and 0.001 are taken; make it smaller."),
        (Limits(seconds=2), "shapes.mp4: lasts 2 seconds, and 2 are taken; cut a part out of it."),
    ],
)
def test_a_video_beyond_a_limit_is_refused(limits, said, video):
    with pytest.raises(InputError) as error:
        limits.open(video)
    assert str(error.value) == said


@pytest.mark.parametrize("name", ["shapes.py", "shapes", "list.txt", "shapes.m3u8"])
def test_other_files_are_refused_by_their_names(name, video, tmp_path):
    shutil.copy(video, tmp_path / name)
    with pytest.raises(InputError, match=r"is no kind of video that is known here; take one of .*mp4"):
        Limits().open(tmp_path / name)


def test_the_sentence_on_a_broken_file_tells_no_folder(tmp_path):
    (tmp_path / "broken.mp4").write_text("no video")
    with pytest.raises(InputError, match=r"^broken.mp4: not a video that can be read"):
        Limits().open(tmp_path / "broken.mp4")
    with pytest.raises(InputError, match=r"^gone.mp4: is no longer here; choose it again\.$"):
        Limits().open(tmp_path / "gone.mp4")


@pytest.mark.parametrize("numbers", [(0, 120), (200, -1), (float("nan"), 120)])
def test_limits_that_let_nothing_in(numbers):
    with pytest.raises(InputError, match="give more than 0"):
        Limits(*numbers)
