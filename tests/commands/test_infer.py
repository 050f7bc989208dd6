"""``mmvis infer`` as people call it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from running import call

from mmvis_ext.testing import tiny_checkpoint, tiny_config, tiny_dataset
from mmvis_ext.utils import shipped
from mmvis_ext.utils.errors import InputError
from mmvis_ext.videos import VideoWriter, open_video


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a config, a checkpoint, and three videos below ``videos``."""
    root = tmp_path_factory.mktemp("infer")
    data = tiny_dataset(root / "tiny")
    tiny_config(data).dump(root / "tiny.py")
    tiny_checkpoint(root / "tiny.pth", tiny_config(data))
    (root / "videos/deep").mkdir(parents=True)
    frames = [list(open_video(folder)) for folder in sorted((data / "val/JPEGImages").iterdir())]
    for name, pictures in (("a.mp4", frames[0]), ("b.mp4", frames[1]), ("deep/c.mp4", frames[0] * 40)):
        with VideoWriter(root / "videos" / name, 10) as video:
            for picture in pictures:
                video.write(picture)
    return root


def infer(place, *more):
    return call("infer_video.py", place / "tiny.py", place / "tiny.pth", *more, "--device", "cpu")


def test_many_videos(place, tmp_path, capfd):
    asked = (place / "videos", "--out", tmp_path, "--save", "json,timeline", "--end", 0.4, "--score-thr", 0.1)
    assert infer(place, *asked) == 0
    said = capfd.readouterr().out
    assert "3 videos done, 0 done before, 0 failed" in said
    for name in ("a", "b", "deep/c"):
        assert f"{name}: 4 frames in" in said
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == ["run.json", "timeline.png", "tracks.json"]
    assert infer(place, *asked) == 0
    said = capfd.readouterr().out
    assert "0 videos done, 3 done before, 0 failed" in said
    (place / "videos/broken.avi").write_text("no video")
    try:
        assert infer(place, *asked) == 1
    finally:
        (place / "videos/broken.avi").unlink()
    said = capfd.readouterr()
    assert "0 videos done, 3 done before, 1 failed" in said.out
    assert "error: broken: " in said.err


def test_frames_are_selected(place, tmp_path):
    video = place / "videos/deep/c.mp4"
    asked = ("--save", "json,frames", "--stride", 2, "--start", "0:01", "--end", 2, "--max-size", 32)
    assert infer(place, video, "--out", tmp_path, *asked) == 0
    file = json.loads((tmp_path / "c/tracks.json").read_text())
    assert file["frames"] == [10, 12, 14, 16, 18]
    assert file["times"] == pytest.approx([1.0, 1.2, 1.4, 1.6, 1.8])
    assert (file["width"], file["height"], file["fps"]) == (32, 24, 5)
    assert sorted(path.stem for path in (tmp_path / "c/frames").iterdir()) == [
        "00010",
        "00012",
        "00014",
        "00016",
        "00018",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_closes_what_was_written(number, place, tmp_path):
    video, out = place / "videos/deep/c.mp4", tmp_path / "out"
    words = ["infer", place / "tiny.py", place / "tiny.pth", video, "--out", out, "--device", "cpu"]
    environment = os.environ | dict(PYTHONPATH=str(Path(shipped.PACKAGE).parent), OMP_NUM_THREADS="1")
    process = subprocess.Popen(
        [sys.executable, "-m", "mmvis_ext", *map(str, words)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )
    begin = time.monotonic()
    while not list(out.glob(".c.*/.overlay*")) and time.monotonic() - begin < 60:
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(number)
    printed, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "closing what was written so far" in said
    file = json.loads((out / "c/tracks.json").read_text())
    assert f"stopped: {video}: after {file['length']} frames" in said
    assert 0 < file["length"] < 200
    assert len(list(open_video(out / "c/overlay.mp4"))) == file["length"]
    assert not json.loads((out / "c/run.json").read_text())["finished"]
    assert "frames in" in printed


def test_processes_take_their_shares(place, tmp_path, capfd, monkeypatch):
    asked = (place / "videos", "--out", tmp_path, "--save", "json", "--end", 0.2)
    for rank, names in (("0", {"a", "deep"}), ("1", {"a", "b", "deep"})):
        monkeypatch.setenv("RANK", rank)
        monkeypatch.setenv("WORLD_SIZE", "2")
        assert infer(place, *asked) == 0
        assert {path.name for path in tmp_path.iterdir()} == names


def test_without_a_model_the_small_one_is_taken(place, tmp_path, monkeypatch):
    """No other argument than the video: an overlay and the tracks, in ``mmvis_out``."""
    monkeypatch.chdir(tmp_path)
    assert call("infer_video.py", place / "videos/a.mp4") == 0
    assert sorted(path.name for path in Path("mmvis_out/a").iterdir()) == ["overlay.mp4", "run.json", "tracks.json"]
    assert shipped.DEFAULT in json.loads(Path("mmvis_out/a/run.json").read_text())["settings"]["config"]


def test_names_of_models():
    config = shipped.find_config("srnet_lite0_davis2016")
    assert config.name == "srnet_lite0_davis2016.py"
    assert shipped.find_checkpoint(config).exists()
    assert shipped.is_config("srnet_lite0_davis2016")
    assert shipped.is_config("some/where.py")
    assert not shipped.is_config("video.mp4")
    assert not shipped.is_config("*")
    with pytest.raises(InputError, match="nothing: is neither a config's path nor the name of one; look below"):
        shipped.find_config("nothing")
    with pytest.raises(InputError, match="inspro_lite0_davis2016: no weights come with it; name a checkpoint"):
        shipped.find_checkpoint(shipped.find_config("inspro_lite0_davis2016"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "names no video"),
        (("none.mp4",), "none.mp4: no such video"),
        (("{a}", "--save", "films"), "there is no kind 'films'; choose among overlay, "),
        (("{a}", "--save", ","), "there is no kind ''"),
        (("{a}", "--top-k", 0), "--top-k 0 keeps no track"),
        (("{a}", "--stride", 0), "a stride of 0"),
        (("{a}", "--fps", 0), "0.0 fps are no frame rate"),
        (("{a}", "--start", 4, "--end", 2), "from 4 to 2.0 seconds"),
        (("{a}", "--start", 100), "has no frames in the part"),
        (("{a}", "--classes", "cow"), "class 'cow': the model does not know it"),
        (("{a}", "{b}", "--out", "x.mp4"), "is one file for 2 videos"),
        (("{a}", "--tracks", "t.json"), "belongs to --out FILE.mp4"),
        (("{a}", "--ray-workers", 2), "--ray-workers: are workers of a Ray cluster; give --ray too"),
        (("{a}", "--ray", "local", "--ray-workers", 0), "--ray-workers 0: does no work"),
        (("{a}", "--ray", "local", "--out", "x.mp4"), "--out x.mp4: is one file, and --ray is for many videos"),
        (("{a}", "--ray", "{b}"), "b.mp4: is no address of a Ray cluster"),
    ],
)
def test_bad_arguments_end_in_one_sentence(more, said, place, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    names = dict(a=place / "videos/a.mp4", b=place / "videos/b.mp4")
    assert infer(place, *(word.format(**names) if isinstance(word, str) else word for word in more)) == 1
    err = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(err) == 1
    assert said in err[0]
    assert not any(tmp_path.glob("mmvis_out/*/*"))


def test_a_folder_that_holds_something_else_is_refused(place, tmp_path, capfd):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/letter.txt").write_text("dear")
    assert infer(place, place / "videos/a.mp4", "--out", tmp_path) == 1
    assert "holds no results of this command" in capfd.readouterr().err
    assert (tmp_path / "a/letter.txt").read_text() == "dear"
