"""All at once, once, and the same every time."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mmvis_ext.shapes_vis import LAYOUTS, generate, get_preset
from mmvis_ext.shapes_vis.generate import MANIFEST, _recipe
from mmvis_ext.utils.errors import InputError


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def nothing_left_beside(folder: Path) -> bool:
    return [p.name for p in folder.parent.iterdir() if p != folder] == []


def test_same_seed_same_bytes_with_any_number_of_workers(tiny, tmp_path):
    again = contents(generate("tiny", tmp_path / "again", LAYOUTS, workers=3))
    assert again == contents(tiny)
    assert nothing_left_beside(tmp_path / "again")


def test_another_seed_other_pictures(tiny, tmp_path):
    out = generate("tiny", tmp_path / "other", seed=1, workers=1)
    frame = "youtube_vis/train/JPEGImages/shapes_train_0000/00000.jpg"
    assert (out / frame).read_bytes() != (tiny / frame).read_bytes()
    assert (out / "youtube_vis/train.json").read_bytes() != (tiny / "youtube_vis/train.json").read_bytes()


def test_default_layout_is_youtube_vis(tmp_path):
    out = generate("tiny", tmp_path / "deep/er/tiny", workers=1)
    assert sorted(p.name for p in out.iterdir()) == [MANIFEST, "youtube_vis"]
    assert sorted(p.name for p in (out / "youtube_vis").iterdir()) == ["train", "train.json", "val", "val.json"]


def test_manifest_tells_the_recipe_and_what_each_video_shows(tiny):
    manifest = json.loads((tiny / MANIFEST).read_text())
    assert manifest["preset"] == "tiny"
    assert manifest["seed"] == 0
    assert manifest["layouts"] == sorted(LAYOUTS)
    assert [batch["videos"] for batch in manifest["splits"]["train"]] == [1, 1, 1, 1]
    assert set(manifest["traits"]["shapes_train_0002"]) == {"lookalike", "crossing", "pan"}


def test_data_sets_from_before_a_knob_are_still_valid():
    assert _recipe(get_preset("claims"), 0)["digest"].startswith("8bf9a2a3384567bd")
    (split,) = _recipe(get_preset("claims-motion"), 0)["splits"]["val"]
    assert split["knobs"]["camouflage"] == 0.5


def test_what_is_there_is_not_written_again(tmp_path, monkeypatch):
    out = generate("tiny", tmp_path / "tiny", ["youtube_vis", "davis"], workers=1)
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*")}
    # The package's name ``generate`` is the function; the module is found by its full name.
    monkeypatch.setattr(sys.modules[generate.__module__], "_do", None)
    for layouts in (["youtube_vis", "davis"], ["davis"]):
        assert generate("tiny", out, layouts, workers=1) == out
    assert generate("tiny", out, ["davis"], workers=1, overwrite=True) == out
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*")} == before


def test_another_dataset_is_replaced_only_when_asked(tmp_path):
    out = generate("tiny", tmp_path / "tiny", workers=1)
    before = contents(out)
    for change in (dict(seed=1), dict(preset=get_preset("tiny").with_knobs(blur=1.0))):
        arguments = dict(preset="tiny", workers=1) | change
        with pytest.raises(InputError, match=r"another ShapesVIS dataset.*overwrite"):
            generate(out=out, **arguments)
        assert contents(out) == before
    generate("tiny", out, seed=1, workers=1, overwrite=True)
    assert contents(out) == contents(generate("tiny", tmp_path / "fresh", seed=1, workers=1))
    assert {p.name for p in tmp_path.iterdir()} == {"tiny", "fresh"}


def test_a_missing_layout_is_named(tmp_path):
    out = generate("tiny", tmp_path / "tiny", ["davis"], workers=1)
    with pytest.raises(InputError, match=r"davis only.*davis ovis"):
        generate("tiny", out, ["ovis"], workers=1)
    generate("tiny", out, ["davis", "ovis"], workers=1, overwrite=True)
    assert (out / "ovis/annotations_train.json").is_file()


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("manifest", [None, "{", "[]", '{"digest": 1}'])
def test_a_folder_of_something_else_is_never_touched(tmp_path, overwrite, manifest):
    (tmp_path / "notes.txt").write_text("mine")
    if manifest is not None:
        (tmp_path / MANIFEST).write_text(manifest)
    before = contents(tmp_path)
    with pytest.raises(InputError, match="choose another folder"):
        generate("tiny", tmp_path, workers=1, overwrite=overwrite)
    assert contents(tmp_path) == before


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "tiny").write_text("mine")
    with pytest.raises(InputError, match="choose another folder"):
        generate("tiny", tmp_path / "tiny", workers=1, overwrite=True)


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "tiny").mkdir()
    assert (generate("tiny", tmp_path / "tiny", workers=1) / MANIFEST).is_file()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failure_leaves_nothing_behind(tmp_path, monkeypatch, workers):
    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(LAYOUTS["davis"]), "write_split", fail)
    with pytest.raises(InputError, match="No space"):
        generate("tiny", tmp_path / "tiny", ["davis"], workers=workers)
    monkeypatch.setattr(type(LAYOUTS["davis"]), "write_video", fail)
    with pytest.raises(InputError, match="No space"):
        generate("tiny", tmp_path / "tiny", ["davis"], workers=workers)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_attempt_that_was_killed_does_not_matter(tmp_path):
    stale = tmp_path / ".tiny.partial-1"
    stale.mkdir()
    assert (generate("tiny", tmp_path / "tiny", workers=1) / MANIFEST).is_file()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (dict(preset="huge"), "huge"),
        (dict(layouts=["voc"]), "voc"),
        (dict(layouts=[]), "layout"),
        (dict(seed=-1), "seed"),
        (dict(seed=2**32), "seed"),
        (dict(workers=0), "workers"),
    ],
)
def test_bad_arguments(tmp_path, arguments, named):
    with pytest.raises(InputError, match=named):
        generate(**dict(preset="tiny", out=tmp_path / "tiny") | arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_split_may_be_empty(tmp_path):
    tiny = get_preset("tiny")
    preset = replace(tiny, splits=dict(tiny.splits, train=()), stills={"train": 0, "val": 2})
    out = generate(preset, tmp_path / "val_only", LAYOUTS, workers=1)
    assert json.loads((out / "youtube_vis/train.json").read_text())["videos"] == []
    assert len(json.loads((out / "coco/val.json").read_text())["images"]) == 2
