"""What is public says what it does, and of arrays and tensors their shapes."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from functools import cached_property
from typing import Any

import pytest
from mmengine.hooks import Hook

import mmvis_ext

HOOK_TIMES = set(vars(Hook))
MODULES = sorted(
    m.name for m in pkgutil.walk_packages(mmvis_ext.__path__, "mmvis_ext.") if not m.name.split(".")[-1].startswith("_")
)
ARRAYS = ("Tensor", "ndarray")
SHAPE = re.compile(r"\((?:[^()]*,[^()]*|\.\.\.)?\)")  # such as (B,N,T,4), (T,), () or (...)


def function_of(member: Any) -> Any:
    """The function behind a member of a class, or nothing."""
    if isinstance(member, property):
        return member.fget
    if isinstance(member, cached_property):
        return member.func
    if isinstance(member, classmethod | staticmethod):
        return member.__func__
    return member if inspect.isfunction(member) else None


def public(module: Any) -> Iterator[tuple[str, Any, type | None]]:
    """Name, function or class, and owner of what a module defines, inner members of its classes included."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value):
            yield name, value, None
        if inspect.isclass(value):
            yield name, value, None
            for key, member in vars(value).items():
                function = function_of(member)
                # what a NamedTuple or a decorator made is not written in the module; what a hook does at its time is
                # the matter of its class
                if key in HOOK_TIMES and issubclass(value, Hook):
                    continue
                if not key.startswith("_") and function is not None and function.__module__ == module.__name__:
                    yield f"{name}.{key}", function, value


def docstring(value: Any, owner: type | None) -> str | None:
    """A docstring as written; an override may leave it to the method of this project that it overrides."""
    if inspect.isclass(value):
        made = is_dataclass(value) or issubclass(value, tuple)
        return None if made and (value.__doc__ or "").startswith(f"{value.__name__}(") else value.__doc__
    if value.__doc__ or owner is None:
        return value.__doc__
    for base in owner.__mro__[1:]:
        if base.__module__.startswith("mmvis_ext.") and value.__name__ in vars(base):
            found = function_of(vars(base)[value.__name__])
            if found is not None and found.__doc__:
                return found.__doc__
    return None


def shows_arrays(value: Any) -> bool:
    kinds = [] if inspect.isclass(value) else inspect.get_annotations(value).values()
    return any(name in str(kind) for kind in kinds for name in ARRAYS)


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_is_documented(module):
    found = list(public(importlib.import_module(module)))
    silent = [name for name, value, owner in found if not (docstring(value, owner) or "").strip()]
    assert not silent, f"{module}: without a docstring"
    shapeless = [n for n, value, owner in found if shows_arrays(value) and not SHAPE.search(docstring(value, owner))]
    assert not shapeless, f"{module}: takes or gives arrays and names no shape"


def test_the_test_sees_what_there_is():
    from mmvis_ext.models import efficientvis

    names = [name for name, *_ in public(efficientvis)]
    assert {"EfficientVIS", "EfficientVIS.step", "EfficientVIS.num_classes", "ClipOutput"} <= set(names)
    assert not any("Tensor" in name for name in names)
