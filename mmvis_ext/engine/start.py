"""The weights that a config's training starts from, and a training that has none."""

from pathlib import Path

from mmengine.config import Config

from mmvis_ext.utils.errors import InputError

from .building import name_of, without_pretrained
from .packaged_weights import require_backbone

__all__ = ["missing_start", "start_path", "use_start"]

FOLDER = Path("checkpoints")


def start_path(cfg: Config) -> Path:
    """Where training looks for the weights that it starts from: ``checkpoints/<config's name>_start.pth``."""
    return FOLDER / f"{Path(name_of(cfg)).stem}_start.pth"


def missing_start(cfg: Config) -> str:
    """What to say to somebody who trains a config with a ``start`` without it."""
    return (
        f"{name_of(cfg)}: training starts from weights of COCO, and {start_path(cfg)} is not there; make it with "
        f"'python tools/start_weights.py {name_of(cfg)}', or begin from the backbone alone with "
        "--cfg-options start=None."
    )


def use_start(cfg: Config) -> None:
    """Let a training whose config has a ``start`` begin from its file; other configs begin from their backbone's.

    The start has all weights of the model, so those of the backbone need not be loaded as well.

    Args:
        cfg: of a training; ``load_from`` and ``resume`` go before ``start``.

    Raises:
        InputError: the start, or the backbone's file, is not there.
    """
    if not cfg.get("start") or cfg.get("load_from") or cfg.get("resume"):
        require_backbone(cfg)
        return
    path = start_path(cfg)
    if not path.exists():
        raise InputError(missing_start(cfg))
    cfg.load_from = str(path)
    cfg.model = without_pretrained(cfg.model)
