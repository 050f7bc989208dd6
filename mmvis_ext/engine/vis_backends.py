"""The programs that show a training while it runs, which mmengine's visualizer writes to."""

import importlib.util
from collections.abc import Iterable

from mmengine.config import Config

from mmvis_ext.utils.errors import InputError

from .building import name_of

__all__ = ["check_backends", "log_to"]

BACKENDS = {"tensorboard": "TensorboardVisBackend", "wandb": "WandbVisBackend"}  # by the names of their packages


def log_to(cfg: Config, names: Iterable[str]) -> None:
    """Let a training be logged to these programs too.

    Args:
        cfg: it is modified.
        names: of :data:`BACKENDS`; one that the config has already changes nothing.
    """
    visualizer = dict(cfg.get("visualizer") or dict(type="Visualizer"))
    backends = list(visualizer.get("vis_backends") or [dict(type="LocalVisBackend")])
    there = {backend["type"] for backend in backends}
    backends += [dict(type=BACKENDS[name]) for name in dict.fromkeys(names) if BACKENDS[name] not in there]
    cfg.visualizer = visualizer | dict(vis_backends=backends)


def check_backends(cfg: Config) -> None:
    """Check that the packages are installed that the config's ``vis_backends`` need.

    Raises:
        InputError: one is not.
    """
    for backend in (cfg.get("visualizer") or {}).get("vis_backends") or ():
        for package, kind in BACKENDS.items():
            if backend.get("type") == kind and importlib.util.find_spec(package) is None:
                raise InputError(
                    f"{name_of(cfg)}: {kind} needs the package {package}, which is not installed; pip install "
                    f"{package}, or take it out of visualizer.vis_backends (or of --log-to)."
                )
