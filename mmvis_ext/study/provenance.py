"""Which code and which machine a result comes from."""

import os
import platform
import subprocess
from pathlib import Path

__all__ = ["code_version", "machine"]

ROOT = Path(__file__).resolve().parents[2]


def machine() -> tuple[str, int]:
    """Name of the GPU, or of the CPU where there is none, and the CPU's cores."""
    import torch

    cores = os.cpu_count() or 1
    if torch.cuda.is_available():
        return torch.cuda.get_device_name(), cores
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0], cores


def code_version(root: Path = ROOT) -> tuple[str, bool]:
    """Version and commit of this package, and whether its code or configs differ from the commit.

    Args:
        root: of the checkout; where it is none, there is no commit, and nothing can differ from it.
    """
    from mmvis_ext.version import __version__

    commit = _git(root, "rev-parse", "--short=10", "HEAD")
    if not commit or not (root / ".git").exists():
        return __version__, False
    dirty = bool(_git(root, "status", "--porcelain", "--", "mmvis_ext", "configs"))
    return f"{__version__} {commit}{'-dirty' if dirty else ''}", dirty


def _git(root: Path, *words: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
