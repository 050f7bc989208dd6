"""Checkpoints that load again, whatever hook a config names, and what "better" means for the figures here."""

import pickle
from types import SimpleNamespace

import mmengine.hooks
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.runner import Runner
from running import call

from mmvis_ext.engine import EarlyStoppingHook, PlainCheckpointHook, read_checkpoint
from mmvis_ext.engine.runner import ConfigRunner
from mmvis_ext.registry import HOOKS
from mmvis_ext.utils.errors import InputError

MORE = ["youtube_vis/AP", "youtube_vis/APs", "youtube_vis/bbox_AP", "youtube_vis/AR10", "davis/J&F", "davis/J-mean"]
MORE += ["ctc/DET", "ctc/SEG", "ctc/SEG_ST", "ctc/TRA"]
LESS = ["davis/J-decay", "davis/F-decay", "loss"]


def test_a_config_that_asks_for_mmengines_hook_gets_the_plain_one():
    assert type(HOOKS.build(dict(type="CheckpointHook", interval=2))) is PlainCheckpointHook


def test_a_foreign_hook_is_refused_before_training():
    runner = ConfigRunner.__new__(ConfigRunner)
    runner.cfg = SimpleNamespace(
        filename="a.py", get=dict(train_dataloader=1, train_cfg=1, optim_wrapper=1).get
    )  # no more of it is looked at
    runner._hooks = [PlainCheckpointHook(), mmengine.hooks.CheckpointHook()]
    with pytest.raises(InputError, match=r"a\.py: its CheckpointHook writes .* give it the type 'PlainCheckpointHook'"):
        runner.train()


@pytest.mark.parametrize(("keys", "rule"), [(MORE, "greater"), (LESS, "less")])
def test_it_is_known_which_figures_should_grow(keys, rule):
    for key in keys:
        assert PlainCheckpointHook(save_best=key).rules == [rule]
        assert EarlyStoppingHook(monitor=key).rule == rule
        assert type(HOOKS.build(dict(type="EarlyStoppingHook", monitor=key))) is EarlyStoppingHook


def test_the_best_figure_has_the_name_of_a_figure():
    hook = PlainCheckpointHook(save_best="AP")
    with pytest.raises(InputError, match=r"save_best='AP' is no figure of the validation; choose one of \['v/AP'\]"):
        hook.after_val_epoch(Runner.__new__(Runner), {"v/AP": 3.0})


def test_of_a_figure_that_nobody_knows_no_checkpoint_is_the_best(monkeypatch):
    seen = []
    monkeypatch.setattr(
        mmengine.hooks.CheckpointHook, "after_val_epoch", lambda hook, run, metrics: seen.append(metrics)
    )
    figures = {"toy/length": 3.0, "v/AP": 0.5, "loss": 2.0}
    for settings in (dict(save_best="auto"), dict(save_best="auto", rule="greater"), {}):
        PlainCheckpointHook(**settings).after_val_epoch(Runner.__new__(Runner), figures)
    assert seen == [{"v/AP": 0.5, "loss": 2.0}, figures, figures]


def test_pickled_objects_can_be_left_out_of_a_checkpoint_that_is_trusted(tmp_path, capfd):
    weights = dict(w=torch.rand(2, 3))
    hub = dict(log_scalars=dict(loss=HistoryBuffer([1.0], [1])), runtime_info={}, resumed_keys={})
    meta = dict(epoch=3, iter=6)
    torch.save(dict(state_dict=weights, message_hub=hub, meta=meta, optimizer={}), tmp_path / "a.pth")
    with pytest.raises(InputError, match=r"convert it: python tools/model_converters/plain_checkpoint.py .*a\.pth"):
        read_checkpoint(tmp_path / "a.pth")
    assert call("model_converters/plain_checkpoint.py", tmp_path / "a.pth", tmp_path / "b.pth") == 0
    read = read_checkpoint(tmp_path / "b.pth")
    assert torch.equal(read["state_dict"]["w"], weights["w"])
    assert (read["meta"], read["optimizer"], read["message_hub"]["log_scalars"]) == (meta, {}, {})


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"no", "cannot be read as"), (pickle.dumps([1]), "cannot be read as"), (None, "check the path")],
)
def test_what_is_no_checkpoint_is_not_converted(content, said, tmp_path, capfd):
    if content is not None:
        (tmp_path / "a.pth").write_bytes(content)
    assert call("model_converters/plain_checkpoint.py", tmp_path / "a.pth", tmp_path / "b.pth") == 1
    assert said in capfd.readouterr().err
    assert not (tmp_path / "b.pth").exists()
