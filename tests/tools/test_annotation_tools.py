"""Converting and splitting annotation files from the command line."""

import json
import os

from running import call

from mmvis_ext.annotations.youtube_vis import read_annotation_file

CONVERT, SPLIT = "dataset_converters/youtubevis2coco.py", "split_dataset.py"


def test_convert_then_split(data, tmp_path, capsys):
    converted = tmp_path / "new" / "coco_vid.json"
    assert call(CONVERT, data / "train.json", "--out", converted, "--workers", 2) == 0
    out, err = capsys.readouterr()
    assert "4 videos" in out
    assert "4/4" in err
    train, val = tmp_path / "a.json", tmp_path / "sub" / "b.json"
    assert call(SPLIT, converted, "--out-train", train, "--out-val", val, "--fraction", 0.25) == 0
    out = capsys.readouterr().out
    assert "tracks in train" in out
    parts = [read_annotation_file(p) for p in (train, val)]
    assert [len(p.videos) for p in parts] == [3, 1]
    names = {v.file_names[0] for p in parts for v in p.videos}
    assert names == {v.file_names[0] for v in read_annotation_file(data / "train.json").videos}


def test_the_table_counts_videos_and_tracks(data, tmp_path, capsys):
    outs = ("--out-train", tmp_path / "a.json", "--out-val", tmp_path / "b.json")
    assert call(SPLIT, data / "train.json", *outs, "--fraction", 0.5, "--seed", 5) == 0
    rows = [line.replace(" ", "").split("|")[1:-1] for line in capsys.readouterr().out.splitlines() if "|" in line][1:]
    for i, name in ((1, "a.json"), (2, "b.json")):
        part = json.loads((tmp_path / name).read_text())
        assert int(rows[-1][i]) == len(part["videos"])
        assert sum(int(r[i + 2]) for r in rows[:-1]) == int(rows[-1][i + 2]) == len(part["annotations"])
    first = (tmp_path / "b.json").read_bytes()
    call(SPLIT, data / "train.json", *outs, "--fraction", 0.5, "--seed", 5)
    assert (tmp_path / "b.json").read_bytes() == first


def test_no_source_is_replaced_and_nothing_half_done_stays(own_data, capsys):
    source = own_data / "train.json"
    before = source.read_bytes()
    assert call(CONVERT, source, "--out", source) == 1
    assert call(SPLIT, source, "--out-train", source, "--out-val", own_data / "b.json") == 1
    assert source.read_bytes() == before
    source.write_bytes(before[:-10])
    files = sorted(own_data.iterdir())
    capsys.readouterr()
    assert call(CONVERT, source, "--out", own_data / "c.json") == 1
    assert call(SPLIT, source, "--out-train", own_data / "a.json", "--out-val", own_data / "b.json") == 1
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == ["error", "error"]
    assert sorted(own_data.iterdir()) == files


def test_no_part_of_a_split_stands_alone(data, tmp_path, capsys, monkeypatch):
    out = tmp_path / "out"
    (out / "folder").mkdir(parents=True)
    (out / "file").write_text("")
    for train, val in (
        ("a.json", "file/b.json"),
        ("file/a.json", "b.json"),
        ("a.json", "folder"),
        ("folder", "b.json"),
    ):
        assert call(SPLIT, data / "train.json", "--out-train", out / train, "--out-val", out / val) == 1
        assert capsys.readouterr().err.startswith("error: ")
        assert {p.name for p in out.rglob("*")} == {"folder", "file"}

    real = os.fsync
    for fine in (0, 1):  # files that there is room for
        room = iter([True] * fine + [False])

        def full(handle, room=room):
            if not next(room, True):
                raise OSError(28, "No space left on device")
            real(handle)

        monkeypatch.setattr(os, "fsync", full)
        assert call(SPLIT, data / "train.json", "--out-train", out / "a.json", "--out-val", out / "b.json") == 1
        assert {p.name for p in out.rglob("*")} == {"folder", "file"}


def test_a_file_without_videos(own_data, tmp_path, capsys):
    source, out = own_data / "val.json", tmp_path / "out.json"
    source.write_text(json.dumps(json.loads(source.read_text()) | dict(videos=[], annotations=[])))
    (tmp_path / "results.json").write_text("[]")
    assert call(CONVERT, source, "--out", out) == 1
    assert call(SPLIT, source, "--out-train", out, "--out-val", tmp_path / "b.json") == 1
    assert call("eval_vis.py", source, tmp_path / "results.json", "--json") == 1
    done = capsys.readouterr()
    assert [("'videos' is empty" in line) for line in done.err.splitlines()] == [True] * 3
    assert done.out == ""
    assert not out.exists()
