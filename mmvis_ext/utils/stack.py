"""Checks that each OpenMMLab package is installed, and only once, without importing any of them."""

import contextlib
import importlib.metadata
import importlib.util
import io
from pathlib import Path

__all__ = ["check_stack", "import_mmdet"]

# module -> the distributions that provide it: upstream, then the maintained fork
PROVIDERS = {
    "mmcv": ("mmcv", "onedl-mmcv"),
    "mmengine": ("mmengine", "onedl-mmengine"),
    "mmdet": ("mmdet", "onedl-mmdetection"),
}
REMEDY = "run `bash tools/setup.sh`, or see docs/getting_started.md"


def _installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _folders(module: str) -> list[Path]:
    """Where a package's files lie; nowhere if it is not installed."""
    spec = importlib.util.find_spec(module)
    return [] if spec is None else [Path(p) for p in spec.submodule_search_locations or ()]


def check_stack() -> None:
    """Check that each of mmcv, mmengine and mmdet has one provider and that mmcv carries its compiled ops.

    Raises:
        ImportError: one sentence that says what is wrong and what to do.
    """
    for module, providers in PROVIDERS.items():
        installed = [p for p in providers if _installed(p)]
        if len(installed) > 1:
            raise ImportError(
                f"{' and '.join(installed)} are both installed and overwrite each other's files: "
                f"pip uninstall both, then {REMEDY}."
            )
        if importlib.util.find_spec(module) is None:
            raise ImportError(f"mmvis_ext needs {module}, which is not installed: {REMEDY}.")
    if not any(p for folder in _folders("mmcv") for p in folder.glob("_ext.*") if p.suffix in {".so", ".pyd"}):
        raise ImportError(
            "mmcv is installed without its compiled ops (mmcv._ext), as happens when pip builds it in isolation: "
            f"uninstall it and {REMEDY}."
        )


def import_mmdet() -> None:
    """Import mmdet's modules without the notices about its optional parts that the fork prints on the way."""
    with contextlib.redirect_stdout(io.StringIO()):
        import mmdet.datasets
        import mmdet.models  # noqa: F401
