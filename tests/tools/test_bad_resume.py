"""A checkpoint that is resumed runs no code, removes nothing, and is refused with a sentence where it is no state."""

import pytest
import torch
from running import assert_one_sentence, call

from mmvis_ext.checkpoints import read_checkpoint
from mmvis_ext.testing import tiny_config


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """Content of a checkpoint after one epoch, with the best one so far."""
    folder = tmp_path_factory.mktemp("trained")
    assert call("train.py", a_config(data, folder / "tiny.py"), "--work-dir", folder) == 0
    return read_checkpoint(folder / "epoch_1.pth")


def a_config(data, path, epochs=1, loop=None):
    settings = dict(train_cfg__max_epochs=epochs, train_cfg__val_interval=1, default_hooks__checkpoint__interval=1)
    cfg = tiny_config(data, default_hooks__checkpoint__save_best="youtube_vis/AP", **settings)
    cfg.pop("custom_imports", None)
    cfg.train_cfg = loop or cfg.train_cfg
    cfg.dump(path)
    return path


@pytest.fixture
def resume(data, trained, tmp_path):
    """Resume from the checkpoint after a change of it; returns the exit code."""

    def run(change, loop=None) -> int:
        content = {key: dict(value) if isinstance(value, dict) else value for key, value in trained.items()}
        change(content)
        torch.save(content, tmp_path / "state.pth")
        config = a_config(data, tmp_path / "tiny.py", epochs=2, loop=loop)
        return call("train.py", config, "--work-dir", tmp_path / "w", "--resume", tmp_path / "state.pth")

    return run


def moments_of(content) -> dict:
    optimizer = content["optimizer"] = dict(content["optimizer"], state=dict(content["optimizer"]["state"]))
    first = next(iter(optimizer["state"]))
    optimizer["state"][first] = dict(optimizer["state"][first])
    return optimizer["state"][first]


BROKEN = {
    "optimizer of another kind": (lambda c: c.update(optimizer=[]), "its optimizer is missing or is not"),
    "optimizer without groups": (lambda c: c.update(optimizer=dict(state={})), "does not go with this config"),
    "optimizer of another model": (
        lambda c: c["optimizer"].update(param_groups=c["optimizer"]["param_groups"] * 2),
        "does not go with this config",
    ),
    "moments of another shape": (lambda c: moments_of(c).update(exp_avg=torch.ones(3, 7)), "its optimizer's exp_avg"),
    "moments in words": (lambda c: moments_of(c).update(exp_avg_sq="many"), "its optimizer's exp_avg_sq"),
    "no message hub": (lambda c: c.pop("message_hub"), "its message_hub is missing"),
    "half a message hub": (lambda c: c["message_hub"].pop("runtime_info"), "its message_hub is missing or is not"),
    "checkpoints to keep as a path": (
        lambda c: c["message_hub"].update(runtime_info=dict(keep_ckpt_ids=["/../../x"])),
        "its message_hub is missing or is not",
    ),
    "schedules of another kind": (lambda c: c.update(param_schedulers=[3]), "its param_schedulers is missing or is"),
    "no such iteration": (lambda c: c["meta"].update(iter="2"), "says iter '2'"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_state_of_a_training(what, resume, tmp_path, capfd):
    change, said = BROKEN[what]
    assert resume(change) == 1
    assert_one_sentence(capfd, "state.pth", said)
    assert not list((tmp_path / "w").glob("*.pth"))


def test_an_iteration_that_the_config_never_reaches(resume, capfd):
    loop = dict(type="IterBasedTrainLoop", max_iters=9, val_interval=9)
    assert resume(lambda c: c["meta"].update(iter=2**60), loop) == 1
    assert_one_sentence(capfd, "state.pth", f"it is at iteration {2**60} of 9")


def test_the_config_in_a_checkpoint_is_not_run(resume, tmp_path):
    code = f"import os\nos.mkdir({str(tmp_path / 'harm')!r})\n"
    assert resume(lambda c: c["meta"].update(config=code)) == 0
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("what", ["folder", "file", "file in the work dir"])
def test_a_checkpoint_cannot_have_other_files_removed(what, resume, tmp_path):
    folder = tmp_path / ("w" if "work dir" in what else "precious")
    folder.mkdir()
    file = folder / ("notes.txt" if "work dir" in what else "weights.pth")
    file.write_text("precious")
    best = str(folder if what == "folder" else file)

    def name_it(content):
        info = content["message_hub"]["runtime_info"] | dict(best_ckpt=best, best_score=-1.0)
        content["message_hub"] = content["message_hub"] | dict(runtime_info=info)

    assert resume(name_it) == 0
    assert list((tmp_path / "w").glob("best_*.pth")), "a better one came"
    assert file.read_text() == "precious"


def test_the_best_one_so_far_makes_room_for_a_better_one(resume, tmp_path):
    (tmp_path / "w").mkdir()
    old = tmp_path / "w/best_AP_epoch_1.pth"
    old.write_text("the best so far")

    def name_it(content):
        info = content["message_hub"]["runtime_info"] | dict(best_ckpt=str(old), best_score=-1.0)
        content["message_hub"] = content["message_hub"] | dict(runtime_info=info)

    assert resume(name_it) == 0
    assert [p.name for p in (tmp_path / "w").glob("best_*.pth")] != [old.name]
    assert not old.exists()
