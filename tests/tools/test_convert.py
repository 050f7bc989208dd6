"""Labels from the command line: converted, split, trained on and judged."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import small_labels as small
from running import assert_one_sentence, call
from small_cells import SmallCells

from mmvis_ext.annotations.audit import KINDS
from mmvis_ext.annotations.formats import FORMATS
from mmvis_ext.annotations.youtube_vis import read_annotation_file
from mmvis_ext.engine.checkpoints import latest_checkpoint
from mmvis_ext.structures import decode
from mmvis_ext.testing import tiny_config

CONVERT = "dataset_converters/convert.py"
DOCS = Path(__file__).parents[2] / "docs/own_data.md"


def test_convert_there_and_back(tmp_path, capsys):
    labels, train = small.labelme(tmp_path / "labels"), tmp_path / "new/train.json"
    assert call(CONVERT, "labelme", "youtube_vis", labels, "--out", train) == 0
    assert capsys.readouterr().out == f"{train}: 1 videos, 3 frames, 2 tracks with 5 masks; classes: cat, dog\n"
    assert call(CONVERT, "youtube_vis", "davis", train, "--out", tmp_path / "pngs") == 0
    back = tmp_path / "back.json"
    assert call(CONVERT, "davis", "youtube_vis", tmp_path / "pngs", "--frames", labels, "--out", back) == 0
    for path in (train, back):
        (video,) = read_annotation_file(path).videos
        for track, expected in zip(sorted(video.tracks, key=lambda t: t.id), (1, 7), strict=True):
            masks = decode(track.segmentations, small.HEIGHT, small.WIDTH)
            np.testing.assert_array_equal(masks, [small.mask(expected, t) for t in range(small.LENGTH)])


def test_cells(tmp_path, capsys):
    cells = SmallCells(tmp_path / "cells")
    out = tmp_path / "cells.json"
    assert call(CONVERT, "cells", "youtube_vis", cells.root, "--out", out) == 0
    said = capsys.readouterr().out
    (video,) = read_annotation_file(out).videos
    assert video.file_names[0] == "01/t000.tif"
    assert [c["name"] for c in read_annotation_file(out).categories] == ["cell"]
    assert "1 videos" in said
    assert len(video.tracks) > 1


def test_bad_arguments(tmp_path, capsys):
    labels = small.labelme(tmp_path / "labels")
    for arguments, said in (
        (("labelme", "cvat", labels, "--out", tmp_path / "a"), "The format cvat is only read"),
        (("labelme", "youtube_vis", labels, "--out", labels), "would replace the source"),
        (("yolo", "youtube_vis", labels, "--out", tmp_path / "a"), "yolo names no frames; add --frames DIR"),
        (("labelme", "youtube_vis", tmp_path / "no", "--out", tmp_path / "a"), "no such file or folder"),
    ):
        capsys.readouterr()
        assert call(CONVERT, *arguments) == 1
        assert_one_sentence(capsys, said)
    assert not (tmp_path / "a").exists()


def labelme_of(root: Path, split: str, target: Path) -> None:
    """A video set in the official form as somebody would have drawn it in labelme, with its frames."""
    file = read_annotation_file(root / f"{split}.json")
    names = {c["id"]: c["name"] for c in file.categories}
    for video in file.videos:
        for t, name in enumerate(video.file_names):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / split / "JPEGImages" / name, target / name)
            shapes = []
            for track in (track for track in video.tracks if track.segmentations[t] is not None):
                patch = decode([track.segmentations[t]], video.height, video.width)[0]
                corners = [[0, 0], [video.width - 1, video.height - 1]]
                shapes.append(dict(label=names[track.category_id], group_id=track.id, shape_type="mask",
                                   points=corners, mask=small.png_text(patch)))  # fmt: skip
            text = dict(shapes=shapes, imagePath=Path(name).name, imageHeight=video.height, imageWidth=video.width)
            (target / name).with_suffix(".json").write_text(json.dumps(text))


def documented_config() -> str:
    """The config of docs/own_data.md."""
    (text,) = re.findall(r"```python\n(_base_.*?)```", DOCS.read_text(), flags=re.DOTALL)
    return text


def test_from_labels_to_ap(data, tmp_path, capsys, monkeypatch):
    """What docs/own_data.md does, with its config, on small pictures and with a small model."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "my_data"
    for split in ("train", "val"):
        labelme_of(data, split, root / "labels")
    assert call(CONVERT, "labelme", "youtube_vis", root / "labels", "--out", root / "all.json") == 0
    outs = ("--out-train", root / "train.json", "--out-val", root / "val.json")
    assert call("split_dataset.py", root / "all.json", *outs, "--fraction", 0.3) == 0
    classes = len(read_annotation_file(root / "all.json").categories)
    text = documented_config().replace("configs/", f"{DOCS.parents[1]}/configs/")
    (tmp_path / "my.py").write_text(text.replace("num_classes=2", f"num_classes={classes}"))
    cfg = tiny_config(name=str(tmp_path / "my.py"), train_cfg__max_epochs=1, train_cfg__val_interval=1)
    assert cfg.val_dataloader.dataset.ann_file == cfg.test_dataloader.dataset.ann_file == "val.json"
    cfg.train_dataloader.sampler.repeat = 1
    cfg.train_dataloader.dataset.clips.clip_len = 3
    cfg.pop("custom_imports", None)
    cfg.dump(tmp_path / "tiny.py")
    assert call("train.py", tmp_path / "tiny.py", "--work-dir", tmp_path / "run") == 0, capsys.readouterr().err
    capsys.readouterr()
    assert call("test.py", tmp_path / "tiny.py", latest_checkpoint(tmp_path / "run")) == 0
    assert "AP" in capsys.readouterr().out


def test_the_page_names_every_format_and_finding():
    named = set(
        re.findall(r"`([a-z_0-9]+)`", "".join(re.findall(r"^\| (`[^|]*) \|", DOCS.read_text(), flags=re.MULTILINE)))
    )
    assert set(FORMATS) | set(KINDS) <= named


pytestmark = pytest.mark.filterwarnings("ignore")
