"""Bad input ends with one sentence, exit code 1, no traceback, nothing half-written."""

import json
import pickle

import pytest
import torch
from running import call

from mmvis_ext.testing import tiny_checkpoint, tiny_config


def edit(path, change):
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def truncate_frame(root):
    frame = next((root / "train/JPEGImages").glob("*/00000.jpg"))
    frame.write_bytes(frame.read_bytes()[:-200])


def truncate_json(root):
    path = root / "train.json"
    path.write_text(path.read_text()[:-100])


def first_rle(data):
    return next(s for a in data["annotations"] for s in a["segmentations"] if s)


BROKEN = {
    "missing frame": (lambda r: next((r / "train/JPEGImages").glob("*/00000.jpg")).unlink(), "00000.jpg"),
    "truncated frame": (truncate_frame, "truncated"),
    "truncated json": (truncate_json, "train.json"),
    "missing json": (lambda r: (r / "train.json").unlink(), "train.json"),
    "json of another task": (
        lambda r: edit(r / "train.json", lambda d: (d.pop("videos"), d.update(images=[]))),
        "videos",
    ),
    "rle of another size": (
        lambda r: edit(r / "train.json", lambda d: first_rle(d).update(size=[7, 9])),
        "size [7, 9]",
    ),
    "too few segmentations": (
        lambda r: edit(r / "train.json", lambda d: d["annotations"][0]["segmentations"].pop()),
        "segmentations",
    ),
    "unknown category": (
        lambda r: edit(r / "train.json", lambda d: d["annotations"][0].update(category_id=999)),
        "999",
    ),
    "duplicate annotation id": (
        lambda r: edit(r / "train.json", lambda d: d["annotations"].append(d["annotations"][0])),
        "twice",
    ),
    "nothing left": (lambda r: edit(r / "train.json", lambda d: d.update(annotations=[])), "no video is left"),
    "video of zero frames": (
        lambda r: edit(r / "train.json", lambda d: d["videos"][0].update(file_names=[], length=0)),
        "at least one frame",
    ),
}


def assert_one_sentence(capsys, *parts):
    err = capsys.readouterr().err
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, err[-2000:]
    assert "Traceback" not in err
    for part in parts:
        assert part in lines[0]


@pytest.mark.parametrize("what", BROKEN)
def test_broken_data(what, own_data, write_config, tmp_path, capfd):
    spoil, part = BROKEN[what]
    spoil(own_data)
    work = tmp_path / "work"
    assert call("train.py", write_config(own_data), "--work-dir", work) == 1
    assert_one_sentence(capfd, part)
    assert not list(work.glob("*.pth"))


def test_a_broken_frame_is_named_by_workers_too(own_data, write_config, tmp_path, capfd):
    truncate_frame(own_data)
    config = write_config(own_data, train_dataloader__num_workers=1)
    assert call("train.py", config, "--work-dir", tmp_path / "work") == 1
    assert_one_sentence(capfd, "truncated", "video")


def checkpoint_of(tmp_path, **overrides):
    return tiny_checkpoint(tmp_path / "other.pth", tiny_config(**overrides))


def test_checkpoint_of_another_number_of_classes(data, write_config, tmp_path, capfd):
    path = checkpoint_of(tmp_path, model__head__num_classes=7)
    assert call("test.py", write_config(data), path, "--work-dir", tmp_path / "w", "--out", tmp_path / "o.zip") == 1
    assert_one_sentence(capfd, "7 classes", "other.pth")
    assert not (tmp_path / "o.zip").exists()


def test_checkpoint_of_another_model(data, write_config, tmp_path, capfd):
    path = tmp_path / "other.pth"
    torch.save({"state_dict": torch.nn.Linear(2, 2).state_dict()}, path)
    assert call("test.py", write_config(data), path, "--work-dir", tmp_path / "w") == 1
    assert_one_sentence(capfd, "another model")


def test_untrusted_pickle(data, write_config, tmp_path, capfd):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    path = tmp_path / "evil.pth"
    torch.save({"state_dict": Evil()}, path)
    assert call("test.py", write_config(data), path, "--work-dir", tmp_path / "w") == 1
    assert_one_sentence(capfd, "evil.pth", "refused")
    path.write_bytes(pickle.dumps({"state_dict": Evil()}))
    assert call("test.py", write_config(data), path, "--work-dir", tmp_path / "w") == 1
    assert not (tmp_path / "harm").exists()


def test_classes_of_model_and_data_differ(data, write_config, tmp_path, capfd):
    assert call("train.py", write_config(data, model__head__num_classes=4), "--work-dir", tmp_path / "w") == 1
    assert_one_sentence(capfd, "5 classes", "4")


def test_missing_config(tmp_path, capfd):
    assert call("train.py", tmp_path / "none.py", "--work-dir", tmp_path / "w") == 1
    assert_one_sentence(capfd, "none.py")


def test_unwritable_work_dir(data, write_config, tmp_path, capfd):
    (tmp_path / "file").write_text("")
    assert call("train.py", write_config(data), "--work-dir", tmp_path / "file" / "w") == 1
    assert_one_sentence(capfd, "file")


def test_full_disk_while_saving(data, write_config, tmp_path, capfd, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    config = write_config(data, train_cfg__max_epochs=1)
    monkeypatch.setattr("mmvis_ext.engine.atomic.write_atomically", full)
    assert call("train.py", config, "--work-dir", tmp_path / "w") == 1
    assert_one_sentence(capfd, "space")
    assert not list((tmp_path / "w").glob("*.pth"))


def test_a_loss_that_is_not_finite_names_the_videos(data, write_config, tmp_path, capfd):
    config = write_config(data, optim_wrapper__optimizer__lr=1e30, train_cfg__max_epochs=20)
    cfg_options = ("param_scheduler=[]", "optim_wrapper.clip_grad=None")
    assert call("train.py", config, "--work-dir", tmp_path / "w", "--cfg-options", *cfg_options) == 1
    assert_one_sentence(capfd, "not finite", "videos [")


@pytest.mark.parametrize("length", [1, 40])
def test_short_long_and_empty_videos_are_no_errors(length, own_data, write_config, tmp_path):
    def change(data):
        video = data["videos"][0]
        video["file_names"] = (video["file_names"] * length)[:length]
        video["length"] = length
        data["annotations"] = [a for a in data["annotations"] if a["video_id"] != video["id"]]

    edit(own_data / "train.json", change)
    edit(own_data / "val.json", change)
    config = write_config(own_data, train_cfg__max_epochs=1, train_dataloader__dataset__filter_cfg=dict(min_size=1))
    assert call("train.py", config, "--work-dir", tmp_path / "w") == 0


def test_a_second_phase_without_its_first(write_config, tmp_path, capfd):
    config = write_config(tmp_path, load_from="work_dirs/phase_one/iter_9.pth")
    assert call("train.py", config, "--work-dir", tmp_path / "work") == 1
    assert_one_sentence(capfd, "phase_one/iter_9.pth", "train the config that writes it first")
