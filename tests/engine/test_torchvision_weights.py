"""Backbones start from torchvision's weights where torchvision is missing."""

import sys
from urllib.error import URLError

import pytest
import torch
from mmengine.config import Config
from mmengine.runner.checkpoint import CheckpointLoader

import mmvis_ext.engine  # noqa: F401  (it registers the loader)
from mmvis_ext.registry import MODELS
from mmvis_ext.testing import CONFIGS
from mmvis_ext.utils.errors import InputError

NAMES = dict(resnet50="resnet50-0676ba61.pth", resnet101="resnet101-63fe2227.pth")


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """The folder of torch's cache, on a machine without torchvision and without a network."""

    def offline(*args, **kwargs):
        raise URLError("no network")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    (tmp_path / "checkpoints").mkdir()
    return tmp_path / "checkpoints"


@pytest.mark.parametrize("name", NAMES)
def test_weights_come_from_the_cache(name, cache):
    torch.save(dict(conv=torch.ones(2)), cache / NAMES[name])
    found = CheckpointLoader.load_checkpoint(f"torchvision://{name}", map_location="cpu")
    assert torch.equal(found["conv"], torch.ones(2))


def test_offline_the_error_names_the_file_the_address_and_the_place(cache):
    with pytest.raises(InputError) as error:
        CheckpointLoader.load_checkpoint("torchvision://resnet50")
    said = str(error.value)
    assert said.startswith("torchvision://resnet50: https://download.pytorch.org/models/resnet50-0676ba61.pth cannot")
    assert said.endswith(f"fetch it elsewhere and put it at {cache / 'resnet50-0676ba61.pth'}.")


@pytest.mark.slow
@pytest.mark.parametrize(
    "config",
    ["efficientvis/efficientvis_r50_ytvis2019", "inspro/inspro_r50_ytvis2019", "srnet/srnet_r101_davis2019"],
)
def test_the_papers_configs_start_from_them(config, cache):
    model = MODELS.build(Config.fromfile(CONFIGS / f"{config}.py").model)
    weights = {name: torch.full_like(value, 0.5) for name, value in model.backbone.state_dict().items()}
    torch.save(weights, cache / NAMES[f"resnet{model.backbone.depth}"])
    model.init_weights()
    assert all(torch.equal(value, weights[name]) for name, value in model.backbone.state_dict().items())
