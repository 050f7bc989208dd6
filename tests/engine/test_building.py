import logging
import os

import pytest
import torch
from mmengine.logging import MMLogger

from mmvis_ext.engine.building import build_model, read_config
from mmvis_ext.testing import tiny_checkpoint, tiny_config
from mmvis_ext.utils.errors import InputError


def test_generators_of_accelerators_are_left_alone(monkeypatch):
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: pytest.fail("it is reseeded"))
    build_model(tiny_config())


def test_random_weights_depend_on_the_seed_alone():
    cfg = tiny_config()
    first = build_model(cfg).state_dict()
    torch.manual_seed(99)
    second, third = build_model(cfg).state_dict(), build_model(cfg, seed=1).state_dict()
    assert all(torch.equal(first[k], second[k]) for k in first)
    assert not all(torch.equal(first[k], third[k]) for k in first)


def test_nothing_is_fetched_and_the_config_stays():
    pretrained = dict(type="Pretrained", checkpoint="torchvision://no_such_model")
    cfg = tiny_config()
    cfg.model.backbone.init_cfg = pretrained
    model = build_model(cfg)
    assert not model.training
    assert cfg.model.backbone.init_cfg == pretrained


def test_checkpoint(tmp_path):
    cfg = tiny_config()
    path = tiny_checkpoint(tmp_path / "tiny.pth", cfg, seed=5)
    expected = torch.load(path, weights_only=True)["state_dict"]
    loaded = build_model(cfg, str(path)).state_dict()
    assert all(torch.equal(loaded[k], expected[k]) for k in expected)
    with pytest.raises(InputError, match="5 classes and the config 7"):
        build_model(tiny_config(model__head__num_classes=7), str(path))


def test_the_lines_of_initialisation_are_kept_back_and_no_others(log):
    build_model(tiny_config())
    MMLogger.get_current_instance().info("what comes after")
    assert [record.getMessage() for record in log.records] == ["what comes after"]


def test_a_config_is_a_file(tmp_path):
    os.mkfifo(tmp_path / "a.py")
    for path, said in {tmp_path / "a.py": "a pipe or a device", tmp_path: "it is a folder"}.items():
        with pytest.raises(InputError, match=f"the config cannot be read .*{said}"):
            read_config(str(path))


def test_the_closed_log_of_an_earlier_run_does_no_harm(tmp_path):
    logger = MMLogger.get_current_instance()
    handler = logging.FileHandler(tmp_path / "earlier.log", "w")
    logger.addHandler(handler)
    try:
        handler.close()
        build_model(tiny_config())
        assert handler in logger.handlers
    finally:
        logger.removeHandler(handler)
