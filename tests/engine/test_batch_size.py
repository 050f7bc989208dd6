"""The learning rate follows the samples of a step, and steps of several batches keep a recipe's steps."""

import math

import pytest
from mmengine.config import Config

from mmvis_ext.engine.batch_size import accumulate, scale_learning_rate
from mmvis_ext.engine.launch import build_runner
from mmvis_ext.testing import CONFIGS, tiny_config, tiny_dataset
from mmvis_ext.utils.errors import InputError

RECIPES = {  # samples of a step in the papers (EfficientVIS, InsPro, its Table 5, SRNet, VisTR) and in mmdet's configs
    "efficientvis/efficientvis_r50_ytvis2019": 4,
    "efficientvis/efficientvis_r50_t9-wo-cl_ytvis2019": 8,
    "inspro/inspro_r50_ytvis2019": 8,
    "inspro/inspro-lite_r50_k10_ytvis2019": 8,
    "inspro/inspro-vid_r50_imagenet-vid": 8,
    "inspro/inspro_r50_coco-instance": 16,
    "srnet/srnet_r101_davis2019": 4,
    "baselines/masktrack-rcnn_r50_ytvis2019": 8,
    "baselines/mask2former-vis_r50_ytvis2021": 16,
    "baselines/vistr_r50_ytvis2019": 8,
}


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_say_for_how_many_samples_they_are(name):
    cfg = Config.fromfile(CONFIGS / f"{name}.py")
    assert cfg.auto_scale_lr.base_batch_size == RECIPES[name]
    assert not cfg.auto_scale_lr.get("enable"), "only on demand"
    assert RECIPES[name] % cfg.train_dataloader.batch_size == 0


@pytest.mark.parametrize(("accumulated", "factor"), [(1, 0.25), (3, 0.75)])
def test_the_learning_rate_is_scaled(accumulated, factor, tmp_path):
    cfg = tiny_config(
        tiny_dataset(tmp_path / "data"), train_dataloader__batch_size=2, work_dir=str(tmp_path / "w"), launcher="none"
    )
    rate = cfg.optim_wrapper.optimizer.lr
    with pytest.raises(InputError, match=r"does not say for how many samples .* add auto_scale_lr="):
        scale_learning_rate(cfg)
    cfg.auto_scale_lr = dict(base_batch_size=8)
    accumulate(cfg, accumulated)
    scale_learning_rate(cfg)
    runner = build_runner(cfg)
    runner.optim_wrapper = runner.build_optim_wrapper(cfg.optim_wrapper)
    runner.scale_lr(runner.optim_wrapper, cfg.auto_scale_lr)
    assert math.isclose(runner.optim_wrapper.get_lr()["lr"][0], rate * factor)


def test_a_schedule_in_iterations_keeps_its_steps():
    cfg = Config.fromfile(CONFIGS / "inspro/inspro_r50_ytvis2019.py")
    accumulate(cfg, 8)
    assert cfg.optim_wrapper.accumulative_counts == 8
    assert (cfg.train_cfg.max_iters, cfg.train_cfg.val_interval) == (256000, 256000)
    assert cfg.param_scheduler[0].milestones == [192000, 224000]
    assert cfg.param_scheduler[0].end == 256000
    assert cfg.default_hooks.checkpoint.interval == 16000
    srnet = Config.fromfile(CONFIGS / "srnet/srnet_r101_davis2019.py")
    before = srnet.param_scheduler[0]
    expected = before.gamma ** (before.end - before.begin)
    accumulate(srnet, 4)
    after = srnet.param_scheduler[0]
    assert math.isclose(after.gamma ** (after.end - after.begin), expected), "the same rate at the end"
    assert (after.begin, after.end) == (240000, 640000)


def test_a_loop_may_leave_its_validation_to_the_default():
    cfg = Config.fromfile(CONFIGS / "inspro/inspro_r50_ytvis2019.py")
    del cfg.train_cfg["val_interval"]
    accumulate(cfg, 2)
    assert cfg.train_cfg == dict(type="IterBasedTrainLoop", max_iters=64000)


def test_a_schedule_in_epochs_stays_and_its_warm_up_keeps_its_steps():
    cfg = Config.fromfile(CONFIGS / "inspro/inspro_r50_coco-instance.py")
    accumulate(cfg, 2)
    warm_up, decay = cfg.param_scheduler
    assert (warm_up.end, decay.milestones, cfg.train_cfg.max_epochs) == (1000, [27, 33], 36)


def test_less_than_one_batch_is_refused():
    with pytest.raises(InputError, match="--accumulate 0: give the number of batches"):
        accumulate(Config(dict(optim_wrapper=dict())), 0)
