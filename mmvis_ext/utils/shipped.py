"""Configs and checkpoints that come with the library."""

from pathlib import Path

from mmvis_ext.utils.errors import InputError

__all__ = ["DEFAULT", "ROOT", "WEIGHTS", "find_checkpoint", "find_config", "is_config"]

PACKAGE = Path(__file__).parents[1]
ROOT = PACKAGE / ".mim" if (PACKAGE / ".mim").is_dir() else PACKAGE.parent
"""Where they lie: an installed wheel has them inside the package, a checkout beside it."""

DEFAULT = "srnet_lite0_davis2016"
"""The model for whoever names none: it is small, and its weights are there."""

WEIGHTS = (".pth", ".pt", ".ckpt")
"""Endings of checkpoints."""


def is_config(word: str) -> bool:
    """Whether a word is a config's path or the name of one that comes with the library."""
    return word.endswith(".py") or (not Path(word).exists() and bool(_named(word)))


def find_config(name: str) -> Path:
    """The path of a config.

    Args:
        name: a path, or the name of one below ``configs/`` without folder and ending.

    Raises:
        InputError: there is no config of this name, or several.
    """
    if name.endswith(".py"):
        return Path(name)
    found = _named(name)
    if len(found) != 1:
        reason = "is the name of several configs" if found else "is neither a config's path nor the name of one"
        raise InputError(f"{name}: {reason}; look below {ROOT / 'configs'}.")
    return found[0]


def find_checkpoint(config: Path) -> Path:
    """The checkpoint of a config that comes with the library.

    Raises:
        InputError: there is none.
    """
    path = ROOT / "checkpoints" / f"{config.stem}.pth"
    if not path.exists():
        raise InputError(f"{config.stem}: no weights come with it; name a checkpoint behind the config.")
    return path


def _named(name: str) -> list[Path]:
    if not name or any(sign in name for sign in "/\\*?[.") or name.startswith("_"):
        return []
    return sorted((ROOT / "configs").glob(f"[!_]*/**/{name}.py"))
