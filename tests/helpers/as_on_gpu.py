"""Stand-ins that make a CPU behave as a GPU does: the form of RoI pooling, and kernels that refuse to be empty."""

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from mmvis_ext.models import roi_align
from mmvis_ext.models.query import roi


class Compiled:
    """The module ``torch`` as code that is being compiled sees it; RoIs are then pooled as on a GPU."""

    compiler = SimpleNamespace(is_compiling=lambda: True)

    def __getattr__(self, name: str):
        return getattr(torch, name)


class RefusesEmptyLaunches:
    """mmcv's RoIAlign kernels; like CUDA they cannot be started with zero RoIs."""

    def __init__(self, kernels: Any) -> None:
        self.kernels = kernels

    def __getattr__(self, name: str):
        kernel = getattr(self.kernels, name)

        def launch(values: torch.Tensor, rois: torch.Tensor, *args: Any, **kwargs: Any) -> None:
            assert len(rois), "CUDA error: invalid configuration argument"
            kernel(values, rois, *args, **kwargs)

        return launch


@pytest.fixture
def static(monkeypatch):
    """RoIs are pooled on every level, as on a GPU."""
    monkeypatch.setattr(roi, "torch", Compiled())


@pytest.fixture
def no_empty_launches(monkeypatch):
    """The kernels refuse zero RoIs, whether mmcv starts them or this project."""
    mmcvs = importlib.import_module("mmcv.ops.roi_align")
    for module, name in ((roi_align, "_ext"), (mmcvs, "ext_module")):
        monkeypatch.setattr(module, name, RefusesEmptyLaunches(getattr(module, name)))
