"""timm where no torchvision goes with the installed torch: the names that timm imports from it, without content."""

import enum
import importlib.machinery
import sys
import types

import pytest
from mmengine.config import Config
from torch import nn

DATA_SETS = "CIFAR100 CIFAR10 MNIST KMNIST FashionMNIST ImageFolder Places365 INaturalist ImageNet"
TRANSFORMS = "Compose ToTensor Normalize Resize CenterCrop RandomCrop RandomResizedCrop"
INTERPOLATION = "NEAREST NEAREST_EXACT BILINEAR BICUBIC BOX HAMMING LANCZOS"


def needs_timm(cfg: Config) -> bool:
    """Whether a config's backbone is one of timm's."""
    return "TimmBackbone" in cfg.model.get("detector", cfg.model).backbone.type


def timm_or_skip() -> types.ModuleType:
    """timm, with a stand-in of torchvision if there is none; a test is skipped where timm is not installed."""
    try:
        import torchvision  # noqa: F401
    except (ImportError, RuntimeError):
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        _stand_in()
    return pytest.importorskip("timm", reason="timm is not installed; pip install --no-deps timm")


def _stand_in() -> None:
    _module("torchvision", __version__="0")
    for name, members in dict(datasets=DATA_SETS, transforms=TRANSFORMS).items():
        _module(f"torchvision.{name}", **{member: type(member, (), {}) for member in members.split()})
    _module("torchvision.transforms.functional", InterpolationMode=enum.Enum("InterpolationMode", INTERPOLATION))
    _module("torchvision.ops")
    _module("torchvision.ops.misc", FrozenBatchNorm2d=type("FrozenBatchNorm2d", (nn.Module,), {}))


def _module(name: str, **members: object) -> None:
    module = types.ModuleType(name)
    module.__spec__, module.__path__ = importlib.machinery.ModuleSpec(name, None), []
    vars(module).update(members)
    sys.modules[name] = module
    parent, _, own = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], own, module)
