"""The programs that a training is logged to."""

import importlib.util
from types import SimpleNamespace

import pytest
from mmengine.config import Config

from mmvis_ext.engine.vis_backends import check_backends, log_to
from mmvis_ext.utils.errors import InputError


def kinds(cfg: Config) -> list[str]:
    return [backend["type"] for backend in cfg.visualizer.vis_backends]


def test_backends_are_added_once():
    local, board = dict(type="LocalVisBackend"), dict(type="TensorboardVisBackend", save_dir="x")
    cfg = Config(dict(visualizer=dict(type="Visualizer", vis_backends=[local, board])))
    log_to(cfg, ["tensorboard", "wandb", "wandb"])
    assert kinds(cfg) == ["LocalVisBackend", "TensorboardVisBackend", "WandbVisBackend"]
    assert cfg.visualizer.type == "Visualizer"
    assert cfg.visualizer.vis_backends[1].save_dir == "x"


@pytest.mark.parametrize("settings", [{}, dict(visualizer=None), dict(visualizer=dict(type="Visualizer"))])
def test_a_config_without_backends_keeps_the_local_one(settings):
    cfg = Config(settings)
    log_to(cfg, ["tensorboard"])
    assert kinds(cfg) == ["LocalVisBackend", "TensorboardVisBackend"]


@pytest.mark.parametrize(("name", "kind"), [("tensorboard", "TensorboardVisBackend"), ("wandb", "WandbVisBackend")])
def test_a_missing_package_is_one_sentence(name, kind, monkeypatch):
    cfg = Config({})
    check_backends(cfg)
    log_to(cfg, [name])
    monkeypatch.setattr(importlib.util, "find_spec", lambda package: SimpleNamespace())
    check_backends(cfg)
    monkeypatch.setattr(importlib.util, "find_spec", lambda package: None if package == name else SimpleNamespace())
    with pytest.raises(InputError, match=rf"{kind} needs the package {name}, .* pip install {name}, or take it out"):
        check_backends(cfg)
