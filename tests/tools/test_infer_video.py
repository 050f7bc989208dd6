"""A video in, a video and its tracks out."""

import json

import cv2
import numpy as np
import pytest
from running import call

from mmvis_ext.inference import VISInferencer
from mmvis_ext.testing import tiny_checkpoint, tiny_config
from mmvis_ext.videos import VideoWriter, open_video


@pytest.fixture
def trained(data, write_config, tmp_path):
    return write_config(data), tiny_checkpoint(tmp_path / "tiny.pth", tiny_config(data))


@pytest.fixture
def folder(data):
    return sorted((data / "val/JPEGImages").iterdir())[0]


def infer(trained, video, out, *more):
    return call("infer_video.py", *trained, video, "--out", out, "--device", "cpu", *more)


def test_overlay_and_tracks(trained, folder, tmp_path, capfd):
    out = tmp_path / "out" / "a.mp4"
    assert infer(trained, folder, out, "--score-thr", 0.12) == 0
    said = capfd.readouterr()
    length = len(list(folder.iterdir()))
    assert f"{length} frames in" in said.out
    assert "frames/s" in said.out
    assert "peak memory" in said.out
    assert f"{length}/{length}" in said.err
    assert sorted(p.name for p in out.parent.iterdir()) == ["a.json", "a.mp4"]

    expected = VISInferencer(str(trained[0]), trained[1], "cpu")(folder)
    file = json.loads(out.with_suffix(".json").read_text())
    kept = {t.track_id: t for t in expected if t.scores.max() >= 0.12}
    assert kept
    assert {t["id"] for t in file["tracks"]} == kept.keys()
    for entry in file["tracks"]:
        assert entry["segmentations"] == kept[entry["id"]].segmentations
    assert (file["height"], file["width"], file["length"]) == (48, 64, length)

    plain, drawn = list(open_video(folder)), list(open_video(out))
    assert len(drawn) == length
    assert drawn[0].shape == (240, 320, 3), "small frames are enlarged"
    change = [np.abs(cv2.resize(a, (320, 240)).astype(int) - b).mean() for a, b in zip(plain, drawn, strict=True)]
    assert min(change) > 5


def test_nothing_is_drawn_above_the_threshold(trained, folder, tmp_path):
    assert infer(trained, folder, tmp_path / "a.mp4", "--score-thr", 1.0, "--tracks", tmp_path / "t.json") == 0
    assert json.loads((tmp_path / "t.json").read_text())["tracks"] == []
    plain, drawn = next(iter(open_video(folder))), next(iter(open_video(tmp_path / "a.mp4")))
    assert np.abs(cv2.resize(plain, (320, 240), interpolation=cv2.INTER_CUBIC).astype(int) - drawn).mean() < 8


def test_a_video_file_keeps_its_rate(trained, folder, tmp_path):
    with VideoWriter(tmp_path / "in.mp4", 12) as video:
        for frame in open_video(folder):
            video.write(frame)
    assert infer(trained, tmp_path / "in.mp4", tmp_path / "out.mp4") == 0
    assert open_video(tmp_path / "out.mp4").fps == pytest.approx(12)
    assert infer(trained, tmp_path / "in.mp4", tmp_path / "out.mp4", "--fps", 4) == 0
    assert open_video(tmp_path / "out.mp4").fps == pytest.approx(4)


def test_config_options_reach_the_model(trained, folder, tmp_path, capfd):
    assert infer(trained, folder, tmp_path / "a.mp4", "--cfg-options", "model.head.num_classes=9") == 1
    assert "9" in capfd.readouterr().err


def fails_with(capfd, code, *parts):
    assert code == 1
    err = capfd.readouterr().err
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, err
    assert "Traceback" not in err
    for part in parts:
        assert part in lines[0]


def test_bad_input_is_one_sentence(trained, folder, tmp_path, capfd):
    out = tmp_path / "out" / "a.mp4"
    out.parent.mkdir()
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "empty").mkdir()
    fails_with(capfd, infer(trained, tmp_path / "none.mp4", out), "none.mp4", "no such video")
    fails_with(capfd, infer(trained, tmp_path / "text.mp4", out), "text.mp4", "not a video")
    fails_with(capfd, infer(trained, tmp_path / "empty", out), "empty", "no frames")
    fails_with(capfd, infer(trained, folder, tmp_path / "text.mp4" / "a.mp4"), "text.mp4", "cannot be written")
    (tmp_path / "folder.mp4").mkdir()
    fails_with(capfd, infer(trained, folder, tmp_path / "folder.mp4"), "folder.mp4", "is a folder")
    fails_with(capfd, infer(trained, folder, out, "--save", "masks"), "--save masks", "give a folder")
    fails_with(capfd, infer(trained, folder, out, "--tracks", tmp_path / "empty"), "empty", "folder")
    fails_with(capfd, infer(trained, folder, out, "--tracks", tmp_path / "text.mp4" / "t.json"), "text.mp4")
    fails_with(capfd, infer(trained, out, out), "different files")
    fails_with(capfd, infer((tmp_path / "none.py", trained[1]), folder, out), "none.py")
    fails_with(capfd, infer((trained[0], tmp_path / "none.pth"), folder, out), "none.pth")
    for fps in (-1, 0, "nan"):
        fails_with(capfd, infer(trained, folder, out, "--fps", fps), "fps")
    fails_with(capfd, infer(trained, folder, out, "--device", "meta"), "meta")
    (tmp_path / "circle.mp4").symlink_to(tmp_path / "circle.mp4")
    fails_with(capfd, infer(trained, tmp_path / "circle.mp4", out), "circle.mp4")
    assert not list(out.parent.iterdir())


@pytest.mark.parametrize(
    "argument", [("--score-thr", "nan"), ("--score-thr", 30), ("--fps", "fast"), ("--start", "soon"), ("--end", "1:75")]
)
def test_arguments_that_are_no_numbers(argument, trained, folder, tmp_path, capfd):
    assert infer(trained, folder, tmp_path / "a.mp4", *argument) == 2
    assert f"error: argument {argument[0]}: " in capfd.readouterr().err


def test_a_frame_that_breaks_midway_ends_the_video(trained, folder, tmp_path, capfd):
    frames = tmp_path / "frames"
    frames.mkdir()
    for path in sorted(folder.iterdir()):
        (frames / path.name).write_bytes(path.read_bytes())
    last = sorted(frames.iterdir())[-1]
    last.write_bytes(last.read_bytes()[:-50])
    out = tmp_path / "out" / "a.mp4"
    count = len(list(frames.iterdir())) - 1
    fails_with(capfd, infer(trained, frames, out), last.name, "truncated", f"The {count} frames before it are in what")
    assert len(list(open_video(out))) == count
    assert json.loads(out.with_suffix(".json").read_text())["length"] == count
    first = sorted(frames.iterdir())[0]
    first.write_bytes(first.read_bytes()[:-50])
    fails_with(capfd, infer(trained, frames, tmp_path / "none.mp4"), first.name, "truncated")
    assert not (tmp_path / "none.mp4").exists()
