"""Hooks that keep a run honest."""

import os
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmengine.visualization import Visualizer
from small_model import SIZE, K, T, empty_sample, inspro_cfg, model_cfg, rectangles, srnet_cfg, video_sample

from mmvis_ext.datasets import Draw
from mmvis_ext.engine import (
    CheckClassesHook,
    CheckSlotsHook,
    CheckStartHook,
    FiniteLossHook,
    latest_checkpoint,
    read_checkpoint,
)
from mmvis_ext.registry import DATASETS, MODELS
from mmvis_ext.utils.errors import InputError


@pytest.fixture(scope="module", autouse=True)
def no_traces() -> Iterator[None]:
    """What a runner leaves in global registers is gone afterwards: its scope, loggers and visualizer."""
    managers = (MMLogger, MessageHub, DefaultScope, Visualizer)
    before = [dict(m._instance_dict) for m in managers]
    yield
    for manager, instances in zip(managers, before, strict=True):
        manager._instance_dict.clear()
        manager._instance_dict.update(instances)


@DATASETS.register_module()
class NumberedClips(torch.utils.data.Dataset):
    """Clips that depend on their draw alone."""

    metainfo = dict(classes=("a", "b", "c"))

    def __len__(self) -> int:
        return 4

    def __getitem__(self, draw: Draw) -> dict:
        i = draw.video
        frames = np.random.default_rng(draw.seed).integers(0, 255, (T, 3, *SIZE), dtype=np.uint8)
        boxes = rectangles((0, i % K, (2 + i, 3, 20 + i, 25)))
        return dict(inputs=torch.from_numpy(frames), data_samples=video_sample(*[boxes] * T))


def runner(work_dir, epochs: int, **kwargs) -> Runner:
    cfg = dict(
        model=model_cfg().to_dict(),
        work_dir=str(work_dir),
        experiment_name=f"run-{os.path.basename(work_dir)}-{epochs}-{len(kwargs)}",
        default_scope="mmvis_ext",
        train_dataloader=dict(
            dataset=dict(type="NumberedClips"), sampler=dict(type="VideoDrawSampler"), batch_size=2, num_workers=0
        ),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type="AdamW", lr=1e-3)),
        param_scheduler=dict(type="MultiStepLR", milestones=[1], gamma=0.5),
        default_hooks=dict(checkpoint=dict(type="PlainCheckpointHook", interval=1, max_keep_ckpts=2)),
        custom_hooks=[dict(type="CheckClassesHook"), dict(type="FiniteLossHook")],
        randomness=dict(seed=3),
        log_level="ERROR",
    )  # fmt: skip
    return Runner.from_cfg(cfg | kwargs)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Runner:
    """A run of three short epochs."""
    run = runner(tmp_path_factory.mktemp("trained"), epochs=3)
    run.train()
    return run


def test_checkpoints_hold_plain_data(trained):
    checkpoint = read_checkpoint(latest_checkpoint(trained.work_dir))
    assert {"meta", "state_dict", "optimizer", "param_schedulers", "message_hub"} <= set(checkpoint)
    assert checkpoint["meta"]["epoch"] == 3
    assert checkpoint["meta"]["dataset_meta"]["classes"] == ("a", "b", "c")
    assert checkpoint["message_hub"]["log_scalars"] == {}
    assert checkpoint["message_hub"]["runtime_info"]["max_epochs"] == 3


def test_only_the_last_checkpoints_are_kept_and_nothing_half_written(trained):
    files = {name for name in os.listdir(trained.work_dir) if "pth" in name}
    assert files == {"epoch_2.pth", "epoch_3.pth"}


class Interrupt(Hook):
    """Ends a run in the middle of its second epoch."""

    def after_train_iter(self, runner: Runner, *args, **kwargs) -> None:
        if runner.iter == 2:
            raise KeyboardInterrupt


def test_a_resumed_run_ends_as_an_uninterrupted_one(trained, tmp_path):
    interrupted = runner(tmp_path, epochs=3)
    interrupted.register_hook(Interrupt())
    with pytest.raises(KeyboardInterrupt):
        interrupted.train()
    resumed = runner(tmp_path, epochs=3, load_from=str(latest_checkpoint(tmp_path)), resume=True)
    resumed.train()
    assert resumed.iter == trained.iter == 6
    for name, value in trained.model.state_dict().items():
        assert torch.equal(resumed.model.state_dict()[name], value), name


def test_a_checkpoint_that_cannot_be_written_leaves_the_last_one(trained, tmp_path, monkeypatch):
    run = runner(tmp_path, epochs=2)
    replace = os.replace

    def full_at_the_second(source, target):
        if str(target).endswith("epoch_2.pth"):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full_at_the_second)
    with pytest.raises(InputError, match="No space left"):
        run.train()
    assert {name for name in os.listdir(tmp_path) if "pth" in name} == {"epoch_1.pth"}
    assert read_checkpoint(tmp_path / "epoch_1.pth")["meta"]["epoch"] == 1


def after_iteration(**losses) -> None:
    batch = dict(data_samples=[empty_sample(T), empty_sample(T)])
    batch["data_samples"][1][0].set_metainfo(dict(video_id=12))
    FiniteLossHook().after_train_iter(SimpleNamespace(iter=41), 1, batch, losses)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_a_loss_that_is_not_finite_stops_training_with_its_place(bad, kind):
    with pytest.raises(InputError, match=r"iteration 42: the loss is not finite \(s0.loss_mask\) on videos \[0, 12\]"):
        after_iteration(loss=kind(1.0), **{"s0.loss_mask": kind(bad)})


def test_finite_losses_pass():
    after_iteration(loss=torch.tensor(3.0, requires_grad=True), other=2)
    FiniteLossHook().after_train_iter(SimpleNamespace(iter=0), 0, {}, None)


def test_training_stops_before_a_bad_model_is_saved(tmp_path):
    run = runner(tmp_path, epochs=2)
    run.model.init_weights()
    torch.nn.init.constant_(run.model.head.stages[1].fc_cls.bias, float("nan"))
    with pytest.raises(InputError, match=r"iteration 1: the loss is not finite \(.*s1.loss_cls.*\)"):
        run.train()
    assert latest_checkpoint(tmp_path) is None


def run_with(model_classes: int, classes: tuple | None) -> SimpleNamespace:
    loader = SimpleNamespace(dataset=SimpleNamespace(metainfo=dict(classes=classes)))
    model = MODELS.build(model_cfg(**{"head.num_classes": model_classes}))
    loop = SimpleNamespace(dataloader=loader)
    return SimpleNamespace(
        model=model, train_dataloader=loader, val_dataloader=loader, test_dataloader=loader, _train_loop=loop,
        _load_from=None,
    )  # fmt: skip


@pytest.mark.parametrize("phase", ["train", "val", "test"])
def test_model_and_data_must_agree_in_their_classes(phase):
    check = getattr(CheckClassesHook(), f"before_{phase}")
    check(run_with(2, ("a", "b")))
    check(run_with(2, None))
    with pytest.raises(InputError, match="the data set has 3 classes but the model 2"):
        check(run_with(2, ("a", "b", "c")))


def test_a_run_with_the_wrong_number_of_classes_does_not_start(tmp_path):
    run = runner(tmp_path, epochs=1, model=model_cfg(**{"head.num_classes": 5}).to_dict())
    with pytest.raises(InputError, match="has 3 classes but the model 5"):
        run.train()
    assert run.iter == 0


@pytest.mark.parametrize(
    ("start", "said"),
    [("none", "a checkpoint must bring"), ("other", "lacks"), ("first phase", ""), ("resumed", "")],
)
def test_frozen_parts_need_a_start(start, said, tmp_path):
    lite = MODELS.build(inspro_cfg(type="InsProLite"))
    weights = MODELS.build(model_cfg() if start == "other" else inspro_cfg()).state_dict()
    torch.save(dict(state_dict=weights), tmp_path / "start.pth")
    path = None if start in ("none", "resumed") else str(tmp_path / "start.pth")
    run = SimpleNamespace(model=lite, _load_from=path, _resume=start == "resumed", cfg={})
    if said:
        with pytest.raises(InputError, match=said):
            CheckStartHook().before_train(run)
    else:
        CheckStartHook().before_train(run)


def test_what_mmengine_fetches_is_not_looked_for_on_disk():
    url = "https://somewhere/model.pth"
    run = SimpleNamespace(model=MODELS.build(inspro_cfg(type="InsProLite")), _load_from=url, _resume=False, cfg={})
    CheckStartHook().before_train(run)
    tested = run_with(2, ("a", "b"))
    tested._load_from = url
    CheckClassesHook().before_test(tested)


def test_models_without_frozen_parts_start_from_anything():
    run = SimpleNamespace(model=MODELS.build(inspro_cfg()), _load_from=None, _resume=False, cfg={})
    CheckStartHook().before_train(run)


def test_a_config_with_a_start_is_not_trained_without_it():
    cfg = Config(dict(start=dict(detector="x")))
    object.__setattr__(cfg, "_filename", "configs/a.py")
    run = SimpleNamespace(model=MODELS.build(inspro_cfg()), _load_from=None, _resume=False, cfg=cfg)
    with pytest.raises(InputError, match=r"a\.py: .* make it with 'python tools/start_weights\.py configs/a\.py', or"):
        CheckStartHook().before_train(run)
    for freed in (dict(_resume=True), dict(_load_from="x.pth"), dict(cfg=Config(dict(start=None)))):
        CheckStartHook().before_train(SimpleNamespace(**(vars(run) | freed)))


@pytest.mark.parametrize(("number", "said"), [(10, ""), (11, "1 of 3 videos show more objects (up to 11)")])
def test_more_objects_than_queries_are_warned_of(number, said, log):
    loader = SimpleNamespace(dataset=SimpleNamespace(objects_per_video=[1, number, 0]))
    model = MODELS.build(model_cfg(**{"head.num_queries": 10}))
    CheckSlotsHook().before_train(SimpleNamespace(model=model, train_dataloader=loader))
    lines = [r.getMessage() for r in log.records if "queries" in r.getMessage()]
    assert len(lines) == bool(said)
    assert all(line.startswith(said) and "queries (10)" in line for line in lines)


def test_models_without_a_fixed_number_of_places_take_any_number(log):
    loader = SimpleNamespace(dataset=SimpleNamespace(objects_per_video=[10**6]))
    CheckSlotsHook().before_train(SimpleNamespace(model=MODELS.build(srnet_cfg()), train_dataloader=loader))
    assert "queries" not in log.text
