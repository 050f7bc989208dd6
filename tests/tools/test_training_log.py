"""What a training shows of itself: curves over interruptions, TensorBoard, Weights & Biases, and a word at the end."""

import json
import re
import sys
import time
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from running import assert_one_sentence, call
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mmvis_ext.engine import curves
from mmvis_ext.engine.curves import draw_curves

EVERY_STEP = dict(train_cfg__max_epochs=3, train_cfg__val_interval=1, default_hooks__logger__interval=1)
EVERY_STEP |= dict(log_processor__window_size=1)  # a loss is not the mean with what came before an interruption


@pytest.fixture
def drawn(monkeypatch):
    """The lines of each picture of curves."""
    seen = []
    monkeypatch.setattr(curves, "draw_curves", lambda lines: seen.append(lines) or draw_curves(lines))
    return seen


def without_times(lines: list[dict]) -> list[dict]:
    return [{k: v for k, v in line.items() if k not in ("time", "data_time", "memory")} for line in lines]


def test_curves_go_on_where_a_training_was_interrupted(data, write_config, tmp_path, drawn, capfd):
    config, work_dir = write_config(data, **EVERY_STEP), tmp_path / "w"
    assert call("train.py", config, "--work-dir", work_dir) == 0
    whole = drawn[-1]
    (log,) = work_dir.glob("*/vis_data/scalars.json")
    lines = log.read_text().splitlines()
    assert len(whole) == len(lines)
    assert [line["step"] for line in whole if "loss" in line] == list(range(1, 13))
    assert [line["step"] for line in whole if "loss" not in line] == [4, 8, 12]

    # as if it had been killed in its second epoch
    log.write_text("\n".join([*lines[:7], lines[7][:20]]))
    for number in (2, 3):
        (work_dir / f"epoch_{number}.pth").unlink()
    capfd.readouterr()
    time.sleep(1)  # the folders of runs are named by the second
    assert call("train.py", config, "--work-dir", work_dir, "--resume") == 0
    assert without_times(drawn[-1]) == without_times(whole)

    picture = max(work_dir.glob("*/curves.png"))
    assert picture.parent != log.parents[1]
    assert cv2.imread(str(picture)).shape == (720, 700, 3)
    (said,) = re.findall(r"INFO - (The training is done after .*)", capfd.readouterr().out)
    assert said.startswith("The training is done after 12 iterations: the best checkpoint (")
    assert f"the last checkpoint is {work_dir}/epoch_3.pth, the curves are in {picture}." in said
    (best,) = re.findall(r"\) is (\S+best_youtube_vis_AP_epoch_\d\.pth),", said)
    assert best in map(str, work_dir.glob("best*.pth"))


def test_tensorboard_has_scalars_and_sheets(data, write_config, tmp_path):
    config = write_config(data, **EVERY_STEP | dict(train_cfg__max_epochs=2))
    assert call("train.py", config, "--work-dir", tmp_path / "w", "--log-to", "tensorboard") == 0
    (log,) = (tmp_path / "w").glob("*/vis_data/scalars.json")
    events = EventAccumulator(str(log.parent)).Reload()
    logged = [json.loads(line) for line in log.read_text().splitlines()]
    for name in ("loss", "lr", "youtube_vis/AP"):
        there = [(event.step, event.value) for event in events.Scalars(name)]
        truth = [(line["step"], line[name]) for line in logged if name in line]
        assert truth
        np.testing.assert_allclose(there, truth, rtol=1e-5)
    sheets = [name for name in events.Tags()["images"] if name.startswith("val_")]
    assert sheets == [f"val_{v['id']:04d}_{v['name']}" for v in videos(data)[:2]]
    for name in sheets:
        assert [event.step for event in events.Images(name)] == [4, 8]
        for event in events.Images(name):
            shown = cv2.imdecode(np.frombuffer(event.encoded_image_string, np.uint8), cv2.IMREAD_COLOR)
            kept = cv2.imread(str(log.parent / f"vis_image/{name}_{event.step}.png"))
            np.testing.assert_array_equal(shown, kept)


def videos(data) -> list[dict]:
    listed = json.loads((data / "val.json").read_text())["videos"]
    return [dict(id=video["id"], name=video["file_names"][0].split("/")[0]) for video in listed]


class Wandb(SimpleNamespace):
    """A stand-in of the package wandb, which remembers what it is given."""

    def __init__(self) -> None:
        super().__init__(logged=[], Image=lambda image: image, __spec__=object())
        self.config = SimpleNamespace(update=lambda *args, **kwargs: None)
        self.run = SimpleNamespace(log_code=lambda **kwargs: None)

    def init(self, **settings) -> None:
        self.settings = settings

    def define_metric(self, *args, **kwargs) -> None:
        """Nothing."""

    def log(self, values: dict, commit: bool = True) -> None:
        self.logged.append(values)

    def join(self) -> None:
        self.joined = True


def test_weights_and_biases_get_scalars_and_sheets(data, write_config, tmp_path, monkeypatch):
    wandb = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    config = write_config(data, **EVERY_STEP | dict(train_cfg__max_epochs=1))
    assert call("train.py", config, "--work-dir", tmp_path / "w", "--log-to", "wandb") == 0
    names = [name for values in wandb.logged for name in values]
    assert names.count("loss") == 4
    assert names.count("youtube_vis/AP") == 1
    sheets = [values[f"val_{v['id']:04d}_{v['name']}"] for v in videos(data)[:2] for values in wandb.logged[-3:-1]
              if f"val_{v['id']:04d}_{v['name']}" in values]  # fmt: skip
    assert [sheet.dtype for sheet in sheets] == [np.uint8] * 2
    assert wandb.joined


def test_a_package_that_is_missing_is_one_sentence(data, write_config, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "wandb", None)
    config = write_config(data)
    assert call("train.py", config, "--work-dir", tmp_path / "w", "--log-to", "wandb") == 1
    assert_one_sentence(capsys, "tiny.py: WandbVisBackend needs the package wandb", "pip install wandb")
