"""A broken stack is named in one sentence with its remedy."""

import importlib.util
from types import SimpleNamespace

import pytest

from mmvis_ext.utils import stack


def test_this_stack_is_whole():
    stack.check_stack()


def test_two_providers_are_refused(monkeypatch):
    monkeypatch.setattr(stack, "_installed", lambda name: True)
    with pytest.raises(ImportError, match=r"mmcv and onedl-mmcv are both installed.*setup\.sh"):
        stack.check_stack()


def test_a_missing_part_is_named(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(stack.importlib.util, "find_spec", lambda m: None if m == "mmengine" else real(m))
    with pytest.raises(ImportError, match=r"needs mmengine.*setup\.sh"):
        stack.check_stack()


def test_missing_ops_are_named(monkeypatch, tmp_path):
    empty = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(stack.importlib.util, "find_spec", lambda m: empty)
    with pytest.raises(ImportError, match=r"without its compiled ops.*setup\.sh"):
        stack.check_stack()
