"""timm is an optional package, and it fails beside a torchvision that does not go with the installed torch."""

import sys

import pytest

from mmvis_ext.models import TimmBackbone
from mmvis_ext.utils.errors import InputError


def test_the_sentence_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(
        InputError, match=r"^TimmBackbone: timm cannot be imported \(ModuleNotFoundError: .*'pip install "
    ):
        TimmBackbone("resnet18")
    monkeypatch.delitem(sys.modules, "timm")
    (tmp_path / "timm.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(
        InputError, match=r"operator torchvision::nms does not exist\); install .*\[timm\]', and the build"
    ):
        TimmBackbone("resnet18")
