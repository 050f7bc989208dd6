"""``mmvis benchmark --end-to-end``."""

import json

import pytest
from running import call

from mmvis_ext.testing import tiny_checkpoint, tiny_config, tiny_dataset
from mmvis_ext.videos import VideoWriter, open_video


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("end")
    data = tiny_dataset(root / "tiny")
    tiny_config(data).dump(root / "tiny.py")
    tiny_checkpoint(root / "tiny.pth", tiny_config(data))
    with VideoWriter(root / "a.mp4", 10) as video:
        for frame in open_video(sorted((data / "val/JPEGImages").iterdir())[0]):
            video.write(frame)
    return root


def measured(place, capfd, *more):
    asked = (place / "tiny.py", "--end-to-end", place / "a.mp4", "--repeat", 1, "--warmup", 0, "--json", "-", *more)
    assert call("analysis_tools/benchmark.py", *asked, "--device", "cpu") == 0
    return json.loads(capfd.readouterr().out)


def test_each_stage_and_all_together(place, capfd):
    figures = measured(place, capfd, "--save", "overlay,masks,json")
    each = figures["seconds_per_frame"]
    assert each.keys() == {"decode", "prepare", "model", "write", "whole"}
    assert all(seconds > 0 for seconds in each.values())
    assert each["prepare"] < each["model"]
    assert figures["model_fps"] == pytest.approx(1 / each["model"])
    assert figures["whole_of_model"] == pytest.approx(each["model"] / each["whole"])
    assert figures["writing_of_model"] == pytest.approx(each["write"] / each["model"])
    assert figures["frames"] == len(list(open_video(place / "a.mp4")))
    assert figures["size"] == "64x48"


def test_objects_are_held_where_there_are_no_weights(place, capfd):
    assert measured(place, capfd, "--held", 2)["tracks"] == 2
    own = measured(place, capfd, "--checkpoint", place / "tiny.pth")
    assert own["tracks"] > 0


def test_what_cannot_be_measured_is_said(place, capfd):
    for more, said in (
        (("--end-to-end", place / "none.mp4"), "no such video"),
        (("--save", "films"), "no kind 'films'"),
        (("--against", place / "tiny.py"), "--against: has no meaning with --end-to-end"),
        (("--size", "64x32"), "--size: has no meaning"),
    ):
        asked = ("--end-to-end", place / "a.mp4", *more)
        assert call("analysis_tools/benchmark.py", place / "tiny.py", *asked, "--device", "cpu") == 1
        assert said in capfd.readouterr().err


def test_what_is_written_belongs_to_the_whole_way(place, capfd):
    assert call("analysis_tools/benchmark.py", place / "tiny.py", "--save", "masks", "--device", "cpu") == 1
    assert "--save masks: is what --end-to-end writes" in capfd.readouterr().err
