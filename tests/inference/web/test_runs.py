"""One video of a page."""

import json
import zipfile

import cv2
import numpy as np
import pytest

from mmvis_ext.inference import video_run
from mmvis_ext.inference.video_run import VideoRun, write_video
from mmvis_ext.inference.web import Limits, Runs, Settings
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.interrupts import Stop
from mmvis_ext.videos import Selection, VideoSource, open_video

SETTINGS = Settings("tiny", 0.1, 5, 32)


def test_the_results_are_those_of_the_command(runs, inferencer, video, tmp_path):
    told = []
    (tmp_path / "page").mkdir()
    found = runs(video, SETTINGS, tmp_path / "page", progress=lambda *done: told.append(done))
    run = VideoRun(inferencer, ["json", "masks", "timeline"], inferencer.choice(0.1))
    source = Selection(fps=5, max_size=32).of(open_video(video))
    write_video(run, source, tmp_path / "command", {})
    expected = json.loads((tmp_path / "command/tracks.json").read_text())
    assert json.loads(found.tracks.read_text())["tracks"] == expected["tracks"]
    assert found.timeline.read_bytes() == (tmp_path / "command/timeline.png").read_bytes()
    assert expected["tracks"]
    with zipfile.ZipFile(found.masks) as masks:
        names = {name for name in masks.namelist() if name.endswith(".png")}
        root = tmp_path / "command/masks"
        assert names == {str(path.relative_to(root)) for path in root.rglob("*.png")}
        for name in names:
            assert masks.read(name) == (root / name).read_bytes()
    assert len(list(open_video(found.overlay))) == len(expected["frames"]) == 11
    assert told[-1] == (11, source.length)
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert found.summary.startswith(f"{len(expected['tracks'])} tracks in 11 frames")
    assert sorted(path.name for path in (tmp_path / "page").iterdir()) == [
        "masks.zip",
        "overlay.webm",
        "timeline.png",
        "tracks.json",
    ]


def test_the_overlay_is_what_browsers_play(runs, video, tmp_path):
    overlay = runs(video, SETTINGS, tmp_path).overlay
    assert overlay.suffix == ".webm"
    code = int(cv2.VideoCapture(str(overlay)).get(cv2.CAP_PROP_FOURCC))
    assert code.to_bytes(4, "little").lower() == b"vp80"


def test_no_frame_behind_the_longest_time_is_looked_at(inferencer, video, tmp_path, monkeypatch):
    """Also of a file whose header promises less."""
    runs = Runs({"tiny": lambda: inferencer}, Limits(seconds=1.0))
    source = open_video(video)
    source.length = 5
    monkeypatch.setattr("mmvis_ext.inference.web.limits.open_video", lambda _: source)
    assert "in 10 frames" in runs(video, Settings("tiny", 0.1), tmp_path).summary


def test_a_run_that_is_stopped_keeps_what_it_has(runs, video, tmp_path):
    stop = Stop()

    def ask(done, _):
        stop.asked = done >= 5

    found = runs(video, Settings("tiny", 0.1), tmp_path, stop, ask)
    assert "Stopped early." in found.summary
    assert 5 <= len(json.loads(found.tracks.read_text())["frames"]) < 21


def test_without_tracks_there_are_results_too(runs, video, tmp_path):
    found = runs(video, Settings("tiny", 1.0), tmp_path)
    assert found.summary.startswith("0 tracks in 21 frames")
    assert "A lower score may show some." in found.summary
    assert json.loads(found.tracks.read_text())["tracks"] == []
    assert not [name for name in zipfile.ZipFile(found.masks).namelist() if name.endswith(".png")]


def test_a_model_of_boxes_alone_gives_no_masks(runs, video, tmp_path, monkeypatch):
    real = video_run.frame_results

    def without_masks(*args):
        results = real(*args)
        for result in results:
            object.__setattr__(result, "masks", None)
        return results

    monkeypatch.setattr(video_run, "frame_results", without_masks)
    assert runs(video, SETTINGS, tmp_path).masks is None


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings("other"), "model 'other': is not on this page; choose among tiny."),
        (Settings("tiny", fps=31), "31 frames a second are more than 30; take fewer."),
        (Settings("tiny", fps=float("nan")), "nan frames a second are more than 30; take fewer."),
        (Settings("tiny", max_size=8), "pictures of at most 8 pixels show nothing; give 16 or more."),
    ],
)
def test_settings_out_of_range(settings, said, runs, video, tmp_path):
    with pytest.raises(InputError) as error:
        runs(video, settings, tmp_path)
    assert str(error.value) == said


def test_without_a_video(runs, tmp_path):
    with pytest.raises(InputError, match="there is no video yet; choose one or drop it on the field"):
        runs(None, SETTINGS, tmp_path)


def test_pictures_that_change_their_size(runs, video, tmp_path, monkeypatch):
    class Changing(VideoSource):
        name, fps, length = "changing.mp4", 10.0, 4

        def frames(self):
            for frame, height in zip(open_video(video).frames(), (48, 48, 40, 40), strict=False):
                yield frame._replace(picture=np.ascontiguousarray(frame.picture[:height]))

    monkeypatch.setattr("mmvis_ext.inference.web.limits.open_video", lambda _: Changing())
    with pytest.raises(InputError, match="its pictures change their size, and a page shows one; cut it there"):
        runs(video, Settings("tiny"), tmp_path)


def test_the_model_of_the_last_run_stays_and_no_other(inferencer, video, tmp_path):
    made = []
    models = {name: lambda name=name: made.append(name) or inferencer for name in "ab"}
    runs = Runs(models)
    for number, name in enumerate("aabba"):
        (tmp_path / str(number)).mkdir()
        runs(video, Settings(name, 0.1, 1, 32), tmp_path / str(number))
    assert made == ["a", "b", "a"]
