"""Checks that each OpenMMLab package is installed, and only once, without importing any of them."""

import contextlib
import importlib.metadata
import importlib.util
import io
from pathlib import Path

from .errors import InputError

__all__ = ["PROVIDERS", "StackError", "check_stack", "import_mmdet", "providers"]

PROVIDERS = {
    "mmcv": ("mmcv", "onedl-mmcv"),
    "mmengine": ("mmengine", "onedl-mmengine"),
    "mmdet": ("mmdet", "onedl-mmdetection"),
}
"""For each module the distributions that provide it: upstream, then the maintained fork."""

REMEDY = "run `bash tools/setup.sh`, or see docs/getting_started.md"


class StackError(InputError, ImportError):
    """The installation is broken: one sentence that says what is wrong and what to do."""


def _installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def providers(module: str) -> list[str]:
    """The installed distributions that provide a module of :data:`PROVIDERS`; one, where all is well."""
    return [name for name in PROVIDERS[module] if _installed(name)]


def _folders(module: str) -> list[Path]:
    """Where a package's files lie; nowhere if it is not installed."""
    spec = importlib.util.find_spec(module)
    return [] if spec is None else [Path(p) for p in spec.submodule_search_locations or ()]


def check_stack() -> None:
    """Check that each of mmcv, mmengine and mmdet has one provider and that mmcv carries its compiled ops.

    Raises:
        StackError: it is not so.
    """
    for module in PROVIDERS:
        installed = providers(module)
        if len(installed) > 1:
            raise StackError(
                f"{' and '.join(installed)} are both installed and overwrite each other's files: "
                f"pip uninstall both, then {REMEDY}."
            )
        if importlib.util.find_spec(module) is None:
            raise StackError(f"mmvis_ext needs {module}, which is not installed: {REMEDY}.")
    if not any(p for folder in _folders("mmcv") for p in folder.glob("_ext.*") if p.suffix in {".so", ".pyd"}):
        raise StackError(
            "mmcv is installed without its compiled ops (mmcv._ext), as happens when pip builds it in isolation: "
            f"uninstall it and {REMEDY}."
        )


def import_mmdet() -> None:
    """Import mmdet's modules without the notices about its optional parts that the fork prints on the way.

    Raises:
        StackError: see :func:`check_stack`.
    """
    check_stack()
    with contextlib.redirect_stdout(io.StringIO()):
        import mmdet.datasets
        import mmdet.models  # noqa: F401
