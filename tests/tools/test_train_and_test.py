"""Train, resume, test and submit, end to end."""

import json
import re
import subprocess
import time
import zipfile

import cv2
import pytest
import torch
from forked import Forked
from running import call, environment

from mmvis_ext.checkpoints import read_checkpoint
from mmvis_ext.engine.checkpoints import latest_checkpoint
from mmvis_ext.inference import VISInferencer
from mmvis_ext.testing import tiny_checkpoint, tiny_config

EPOCHS = {"train_cfg__max_epochs": 4, "train_cfg__val_interval": 100, "default_hooks__logger__interval": 1}


def weights(path):
    return read_checkpoint(path)["state_dict"]


def test_a_killed_run_resumes_to_the_same_weights(data, write_config, tmp_path):
    config = write_config(data, **EPOCHS)
    assert call("train.py", config, "--work-dir", tmp_path / "whole") == 0

    killed = tmp_path / "killed"
    process = Forked(call, "train.py", config, "--work-dir", killed)
    deadline = time.time() + 120
    while not (killed / "epoch_2.pth").exists() and time.time() < deadline:
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert not (killed / "epoch_4.pth").exists()
    assert call("train.py", config, "--work-dir", killed, "--resume") == 0

    whole, resumed = weights(tmp_path / "whole/epoch_4.pth"), weights(killed / "epoch_4.pth")
    assert whole.keys() == resumed.keys()
    for name in whole:
        assert torch.equal(whole[name], resumed[name]), name


def test_the_number_of_workers_does_not_change_what_is_learnt(data, write_config, tmp_path):
    for workers in (0, 2):
        config = write_config(data, **EPOCHS | {"train_cfg__max_epochs": 1, "train_dataloader__num_workers": workers})
        assert call("train.py", config, "--work-dir", tmp_path / str(workers)) == 0
    one, two = (weights(tmp_path / n / "epoch_1.pth") for n in "02")
    assert all(torch.equal(one[k], two[k]) for k in one)


def test_resume_without_a_checkpoint_starts(data, write_config, tmp_path):
    config = write_config(data, **EPOCHS | {"train_cfg__max_epochs": 1})
    assert call("train.py", config, "--work-dir", tmp_path / "new", "--resume") == 0
    assert latest_checkpoint(tmp_path / "new").name == "epoch_1.pth"


@pytest.fixture
def trained(data, write_config, tmp_path):
    config = write_config(data)
    return config, tiny_checkpoint(tmp_path / "tiny.pth", tiny_config(data))


def test_test_writes_the_submission_where_told(data, trained, tmp_path):
    config, checkpoint = trained
    out = tmp_path / "deep" / "sub.zip"
    assert call("test.py", config, checkpoint, "--work-dir", tmp_path / "w", "--out", out) == 0
    with zipfile.ZipFile(out) as archive:
        assert archive.namelist() == ["results.json"]
        results = json.loads(archive.read("results.json"))
    truth = json.loads((data / "val.json").read_text())
    lengths = {v["id"]: v["length"] for v in truth["videos"]}
    assert results
    for entry in results:
        assert entry.keys() == {"video_id", "score", "category_id", "segmentations"}
        assert len(entry["segmentations"]) == lengths[entry["video_id"]]
        assert entry["category_id"] in {c["id"] for c in truth["categories"]}
    assert any(s is None for e in results for s in e["segmentations"])
    (log,) = (tmp_path / "w").rglob("*.log")
    (took,) = re.findall(r"test took .*", log.read_text())
    shares = re.fullmatch(
        r"test took [\d.]+ s: waiting for frames (.*)%, model (.*)%, figures (.*)%, other (.*)%", took
    )
    assert shares is not None
    assert float(shares[2]) > 0
    assert sum(map(float, shares.groups())) == pytest.approx(100, abs=0.3)


def test_half_precision_is_that_of_the_inferencer(data, trained, tmp_path, monkeypatch):
    config, checkpoint = trained
    translated = []  # what torch.compile really does is another test's business, since it takes minutes
    monkeypatch.setattr("torch.compile", lambda step, dynamic: translated.append(step) or step)
    scores = {}
    for name, options in (("whole", ()), ("half", ("--half",)), ("compiled", ("--compile",))):
        out = tmp_path / f"{name}.json"
        assert call("test.py", config, checkpoint, "--work-dir", tmp_path / name, "--out", out, *options) == 0
        scores[name] = [entry["score"] for entry in json.loads(out.read_text()) if entry["video_id"] == 1]
    assert scores["half"] != scores["whole"]
    assert scores["compiled"] == scores["whole"]
    assert len(translated) == 1
    video = json.loads((data / "val.json").read_text())["videos"][0]
    frames = [cv2.imread(str(data / "val/JPEGImages" / name))[..., ::-1] for name in video["file_names"]]
    tracks = VISInferencer(str(config), checkpoint, "cpu", half=True)(frames).tracks
    assert sorted(scores["half"]) == pytest.approx(sorted(s for track in tracks for s in track.scores), abs=1e-6)


@pytest.mark.slow
def test_two_processes_write_the_same_file_as_one(data, trained, tmp_path):
    config, checkpoint = trained
    assert call("test.py", config, checkpoint, "--work-dir", tmp_path / "one", "--out", tmp_path / "1.zip") == 0
    arguments = ["bash", "tools/dist_test.sh", config, checkpoint, 2, "--work-dir", tmp_path / "two",
                 "--format-only", "--out", tmp_path / "2.zip"]  # fmt: skip
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, env=environment(), timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


@pytest.mark.slow
def test_two_processes_train_on_a_cpu(data, write_config, tmp_path):
    config = write_config(data, **EPOCHS | {"train_cfg__max_epochs": 1})
    arguments = ["bash", "tools/dist_train.sh", config, 2, "--work-dir", tmp_path / "two"]
    done = subprocess.run([*map(str, arguments)], capture_output=True, text=True, env=environment(), timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert latest_checkpoint(tmp_path / "two").name == "epoch_1.pth"


def test_checkpoints_load_as_plain_data_and_leave_no_temporary_files(data, write_config, tmp_path):
    config = write_config(data, **EPOCHS | {"train_cfg__max_epochs": 1})
    assert call("train.py", config, "--work-dir", tmp_path / "w") == 0
    checkpoint = torch.load(tmp_path / "w/epoch_1.pth", weights_only=True)
    assert {"meta", "state_dict", "optimizer", "param_schedulers"} <= checkpoint.keys()
    assert checkpoint["meta"]["dataset_meta"]["classes"]
    assert not list((tmp_path / "w").glob(".*"))


def test_another_clip_length_fits(data, write_config, trained, tmp_path):
    _, checkpoint = trained
    config = write_config(data, model__clip_len=5)
    assert call("test.py", config, checkpoint, "--work-dir", tmp_path / "w") == 0


def test_show_dir_writes_pictures(data, trained, tmp_path):
    config, checkpoint = trained
    show = tmp_path / "show"
    assert call("test.py", config, checkpoint, "--work-dir", tmp_path / "w", "--show-dir", show, "--score-thr", 0) == 0
    assert len(list(show.rglob("*.png"))) + len(list(show.rglob("*.mp4"))) >= 2


def test_a_split_without_annotations_is_tested_without_ap(own_data, trained, write_config, tmp_path):
    _, checkpoint = trained
    truth = json.loads((own_data / "val.json").read_text())
    del truth["annotations"]
    (own_data / "val.json").write_text(json.dumps(truth))
    config, options = write_config(own_data), ("--work-dir", tmp_path / "w", "--out", tmp_path / "s.zip")
    assert call("test.py", config, checkpoint, *options) == 0
    assert (tmp_path / "s.zip").exists()
