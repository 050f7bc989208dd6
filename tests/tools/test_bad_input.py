"""Bad input ends with one sentence, exit code 1, no traceback, nothing half-written."""

import functools
import json
import pickle
import subprocess
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import torch
from forked import holder_of
from running import TOOLS, assert_one_sentence, call, environment

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
    assert not (tmp_path / "harm").exists()


EVIL_ROUTES = {
    "given": ("--cfg-options", "load_from={}"),
    "found in the work dir": ("--cfg-options", "resume=True"),
    "for a part": ("--cfg-options", "model.neck.init_cfg.type=Pretrained", "model.neck.init_cfg.checkpoint={}"),
    "resumed": ("--resume", "{}"),
    "downloaded": ("--cfg-options", "load_from=http://127.0.0.1:9/evil.pth"),
}


@pytest.mark.parametrize("route", EVIL_ROUTES)
@pytest.mark.parametrize("form", ["zip", "pickle"])
def test_untrusted_pickles_run_no_code_in_training(route, form, data, write_config, tmp_path, capfd, monkeypatch):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    path = tmp_path / "w" / "epoch_1.pth"
    path.parent.mkdir()
    content = {"state_dict": Evil(), "meta": dict(epoch=1, iter=1), "optimizer": {}}
    torch.save(content, path) if form == "zip" else path.write_bytes(pickle.dumps(content))
    # what torch's downloader does once it has the file
    monkeypatch.setattr("mmengine.runner.checkpoint.load_url", lambda *a, **k: torch.load(path, weights_only=False))
    arguments = [argument.format(path) for argument in EVIL_ROUTES[route]]
    assert call("train.py", write_config(data), "--work-dir", tmp_path / "w", *arguments) == 1
    assert_one_sentence(capfd, "refused" if form == "zip" or route == "downloaded" else "epoch_1.pth")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:9/none.pth", "torchvision://none", "s3://none.pth", "odd://none"]
)
def test_weights_that_no_server_has(address, data, write_config, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    options = ("--cfg-options", f"load_from={address}")
    assert call("train.py", write_config(data), "--work-dir", tmp_path / "w", *options) == 1
    assert_one_sentence(capfd, address.partition("://")[2])


@pytest.fixture
def server(tmp_path):
    """The address of a server of one page, which is no checkpoint."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "page.pth").write_text("<html>Please log in.</html>")
    handler = functools.partial(QuietHandler, directory=tmp_path / "served")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass


@pytest.mark.parametrize(("name", "said"), [("none.pth", "404"), ("page.pth", "is no checkpoint")])
def test_what_a_server_can_answer(name, said, server, data, write_config, tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    options = ("--cfg-options", f"load_from={server}/{name}")
    assert call("train.py", write_config(data), "--work-dir", tmp_path / "w", *options) == 1
    assert_one_sentence(capfd, name, said)


def test_resuming_from_weights_alone(data, write_config, tmp_path, capfd):
    path = checkpoint_of(tmp_path)
    assert call("train.py", write_config(data), "--work-dir", tmp_path / "w", "--resume", path) == 1
    assert_one_sentence(capfd, "other.pth", "weights alone", "load_from")


def test_resuming_another_model(data, write_config, tmp_path, capfd):
    path = checkpoint_of(tmp_path, model__head__num_iterations=3)
    assert call("train.py", write_config(data), "--work-dir", tmp_path / "w", "--resume", path) == 1
    assert_one_sentence(capfd, "other.pth", "another model")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dict(model__head__num_classes=7), "load_other_classes"),
        (dict(model__head__feedforward_channels=24), "another model"),
        (None, "none of its weights"),
    ],
)
def test_starting_from_another_model(change, said, data, write_config, tmp_path, capfd):
    path = checkpoint_of(tmp_path, **(change or {}))
    if change is None:
        torch.save(dict(state_dict=torch.nn.Linear(2, 2).state_dict()), path)
    options = ("--cfg-options", f"load_from={path}")
    assert call("train.py", write_config(data), "--work-dir", tmp_path / "w", *options) == 1
    assert_one_sentence(capfd, "other.pth", said)


def test_starting_with_other_classes_when_asked(data, write_config, tmp_path):
    path = checkpoint_of(tmp_path, model__head__num_classes=7)
    options = ("--cfg-options", f"load_from={path}", "load_other_classes=True")
    config = write_config(data, train_cfg__max_epochs=1)
    assert call("train.py", config, "--work-dir", tmp_path / "w", *options) == 0


def test_mixed_precision_without_a_gpu_is_bfloat16(data, write_config, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    config = write_config(data, train_cfg__max_epochs=1)
    assert call("train.py", config, "--work-dir", tmp_path / "w", "--amp") == 0
    (written,) = (tmp_path / "w").glob("*.py")
    assert "type='BFloat16OptimWrapper'" in written.read_text()


def test_a_data_set_of_other_classes(own_data, write_config, tmp_path, capfd):
    def turn(data):
        names = [c["name"] for c in data["categories"]]
        for category, name in zip(data["categories"], names[::-1], strict=True):
            category["name"] = name

    edit(own_data / "val.json", turn)
    config = write_config(own_data, train_cfg__max_epochs=1, train_cfg__val_interval=1)
    assert call("test.py", config, checkpoint_of(tmp_path), "--work-dir", tmp_path / "w") == 1
    assert_one_sentence(capfd, "other.pth", "as number 0", "metainfo")
    assert call("train.py", config, "--work-dir", tmp_path / "w") == 1
    assert_one_sentence(capfd, "the training data set", "as number 0")


@pytest.mark.slow
@pytest.mark.parametrize("what", ["missing frame", "checkpoint"])
def test_two_processes_say_one_sentence(what, own_data, write_config, tmp_path):
    if what == "missing frame":
        for frame in (own_data / "train/JPEGImages").glob("*/*.jpg"):
            frame.unlink()
    options = ["--cfg-options", f"load_from={checkpoint_of(tmp_path, model__head__num_classes=7)}"]
    arguments = ["bash", TOOLS / "dist_train.sh", write_config(own_data), 2, "--work-dir", tmp_path / "w"]
    arguments += options if what == "checkpoint" else []
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, env=environment(), timeout=300)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert 1 <= len(said) <= 2, "two processes may meet two frames"
    assert all(("the frame is missing" if what == "missing frame" else "load_other_classes") in s for s in said)


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


def test_a_work_dir_of_another_training(data, write_config, tmp_path, capfd):
    (tmp_path / "w").mkdir()
    config = write_config(data, train_cfg__max_epochs=1)
    with holder_of(tmp_path / "w") as other:
        assert call("train.py", config, "--work-dir", tmp_path / "w") == 1
        assert_one_sentence(capfd, "another training writes here", f"process {other.pid} on", "--force")
        assert not list((tmp_path / "w").glob("*.pth"))
        assert call("train.py", config, "--work-dir", tmp_path / "w", "--force") == 0
    assert (tmp_path / "w/epoch_1.pth").exists()


def test_full_disk_while_saving(data, write_config, tmp_path, capfd, monkeypatch):
    def full(descriptor):  # as a file system says it: without a name
        raise OSError(28, "No space left on device")

    config = write_config(data, train_cfg__max_epochs=1)
    monkeypatch.setattr("mmvis_ext.utils.files.os.fsync", full)
    monkeypatch.setattr("mmvis_ext.engine.launch.require_writable", lambda folder: None)
    assert call("train.py", config, "--work-dir", tmp_path / "w") == 1
    assert_one_sentence(capfd, "epoch_1.pth", "No space left")
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


@pytest.mark.slow
def test_a_process_that_is_killed_is_named_by_its_signal(tmp_path):
    tool = tmp_path / "dies.py"
    tool.write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    arguments = [sys.executable, TOOLS / "dist_run.py", "--standalone", "--nproc-per-node", 1, tool]
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, env=environment(), timeout=120)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: a process was ended by SIGKILL")
    assert "Traceback" not in done.stderr
