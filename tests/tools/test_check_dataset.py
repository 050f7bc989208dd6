"""The check of a data set from the command line."""

import json
import shutil

import cv2
import pytest
from running import assert_one_sentence, call, printed

from mmvis_ext.annotations.audit import KINDS

TOOL = "check_dataset.py"


def arguments(root, *more):
    return root / "train.json", "--frames", root / "train/JPEGImages", *more


def both(root, *more):
    val = "--val", root / "val.json", "--val-frames", root / "val/JPEGImages"
    return arguments(root, *val, *more)


def test_a_sound_set(data, capsys):
    out = printed(capsys, TOOL, *both(data, "--json")).out
    content = json.loads(out)
    kinds = {finding["kind"] for finding in content["findings"]}
    assert kinds <= {"rare_class", "class_of_one_part", "jump", "short_track"}  # it is a tiny set of quick shapes
    shares = {share["name"]: share for share in content["classes"]["train"]}
    truth = json.loads((data / "train.json").read_text())
    names = {c["id"]: c["name"] for c in truth["categories"]}
    for name, share in shares.items():
        own = [a for a in truth["annotations"] if names[a["category_id"]] == name]
        shown = sum(s is not None for a in own for s in a["segmentations"])
        assert [share["videos"], share["tracks"], share["shown"]] == [
            len({a["video_id"] for a in own}),
            len(own),
            shown,
        ]


@pytest.fixture
def spoiled(own_data):
    """A set with a twin, an empty track, a missing frame, one of another size, and a video in both parts."""
    path = own_data / "train.json"
    truth = json.loads(path.read_text())
    first, *_, last = truth["annotations"]
    twin = dict(first, id=900)
    empty = dict(last, id=901, segmentations=[None] * len(last["segmentations"]))
    empty.update({key: [None] * len(last["segmentations"]) for key in ("bboxes", "areas") if key in last})
    truth["annotations"] += [twin, empty]
    path.write_text(json.dumps(truth))
    videos = truth["videos"]
    frames = own_data / "train/JPEGImages"
    (frames / videos[3]["file_names"][1]).unlink()
    large = frames / videos[1]["file_names"][0]
    cv2.imwrite(str(large), cv2.resize(cv2.imread(str(large)), (99, 77)))
    val = json.loads((own_data / "val.json").read_text())
    for name, other in zip(val["videos"][0]["file_names"], videos[2]["file_names"], strict=False):
        shutil.copy(frames / other, own_data / "val/JPEGImages" / name)
    return own_data


def test_a_spoiled_set(spoiled, tmp_path, capsys):
    out, file = tmp_path / "out", tmp_path / "a.json"
    said = printed(capsys, TOOL, *both(spoiled, "--out", out, "--json", file)).out
    findings = json.loads(file.read_text())["findings"]
    assert json.loads((out / "findings.json").read_text())["findings"] == findings
    kinds = {finding["kind"] for finding in findings}
    wanted = {"duplicate_track", "empty_track", "missing_frames", "frame_size", "near_equal_frames"}
    assert wanted <= kinds
    for kind in wanted:
        assert f"{kind} (1): {KINDS[kind]}" in said
    assert "masks in val" in said
    drawn = {path.stem for path in out.glob("*.png")}
    assert {"duplicate_track_1", "near_equal_frames_1"} <= drawn
    assert not {"missing_frames_1", "empty_track_1"} & drawn
    for path in out.glob("*.png"):
        assert cv2.imread(str(path)).std() > 5
    printed(capsys, TOOL, *both(spoiled, "--out", out))  # a former check is replaced
    assert drawn == {path.stem for path in out.glob("*.png")}


def test_bad_arguments(data, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").write_text("")
    for given, said in (
        ((data / "no.json", "--frames", data), "no such file"),
        ((data / "train.json", "--frames", data / "no"), "no such folder of frames"),
        (arguments(data, "--out", tmp_path / "mine"), "holds other files than those of a check"),
        (arguments(data, "--out", tmp_path / "mine/thesis.tex"), "holds other files than those of a check"),
    ):
        capsys.readouterr()
        assert call(TOOL, *given) == 1
        assert_one_sentence(capsys, said)
    assert (tmp_path / "mine/thesis.tex").exists()
