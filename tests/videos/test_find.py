"""From words to videos."""

import os

import pytest

from mmvis_ext.utils.errors import InputError
from mmvis_ext.videos import find_videos


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a.mp4", "b.MOV", "notes.md", "deep/c.avi", "deep/frames/0.jpg", "deep/frames/1.jpg", "deep/.x/d.mp4"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return tmp_path


def test_a_file_a_folder_of_frames_a_camera_and_a_stream(tree):
    words = ["a.mp4", "deep/frames", "0", "rtsp://host:554/live/1"]
    assert find_videos(words) == {
        "a": "a.mp4",
        "frames": "deep/frames",
        "camera0": "0",
        "host_554_live_1": "rtsp://host:554/live/1",
    }


def test_a_folder_of_videos_and_of_folders(tree):
    found = find_videos(["."])
    assert found == {"a": "a.mp4", "b": "b.MOV", "deep/c": "deep/c.avi", "deep/frames": "deep/frames"}


def test_a_pattern(tree):
    assert list(find_videos(["*.mp4"]).values()) == ["a.mp4"]
    assert set(find_videos(["**/*.avi", "*"]).values()) == {"a.mp4", "b.MOV", "deep/c.avi", "deep/frames"}


def test_a_list(tree):
    (tree / "deep/list.txt").write_text("# mine\n\nc.avi\nframes\nhttp://host/x.mp4\n3\na.mp4\n")
    found = find_videos(["deep/list.txt"])
    assert list(found.values()) == ["deep/c.avi", "deep/frames", "http://host/x.mp4", "3", "a.mp4"]


def test_each_video_is_named_once_and_folders_do_not_lie_in_each_other(tree):
    assert list(find_videos(["a.mp4", "a.mp4", "."]).values()).count("a.mp4") == 1
    (tree / "other").mkdir()
    (tree / "other/a.avi").write_text("")
    (tree / "deep.mp4").write_text("")
    found = find_videos(["a.mp4", "other/a.avi", "deep.mp4", "."])
    assert found["a"] == "a.mp4"
    assert found["a_2"] == "other/a.avi"
    assert found["deep"] == "deep.mp4"
    assert found["deep_2/c"] == "deep/c.avi"
    for one in found:
        assert not any(os.path.commonpath([one, other]) == one for other in found if other != one)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("none.mp4", "none.mp4: no such video"),
        ("none/*.mp4", "no path is like this"),
        ("empty", "empty: has no frames .* no videos below it"),
        ("list.txt", r"list.txt, line 2: .*none.mp4: no such video"),
        ("blank.txt", "blank.txt: names no videos"),
    ],
)
def test_what_names_no_video_is_said(word, said, tree):
    (tree / "empty").mkdir()
    (tree / "list.txt").write_text("a.mp4\nnone.mp4\n")
    (tree / "blank.txt").write_text("\n# nothing\n")
    with pytest.raises(InputError, match=said):
        find_videos([word])
