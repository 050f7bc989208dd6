"""Parts of a config, built: its model without a runner around it, and a sentence where that fails."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger

from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.registry import MODELS
from mmvis_ext.utils.errors import InputError

from .checkpoints import check_fit, read_checkpoint

__all__ = ["build_model", "building", "name_of", "reason_of"]


def build_model(cfg: Config, checkpoint: str | None = None, device: str = "cpu", seed: int = 0) -> VideoModel:
    """The config's model in test mode; nothing is downloaded, and the config stays as it is.

    Args:
        cfg: with a ``model``.
        checkpoint: weights; random ones (seeded, as training starts but for pretrained parts) if not given.
        device: where the model goes.
        seed: of the random weights.

    Raises:
        InputError: the model cannot be built, or the checkpoint is broken or another model's.
    """
    with building("model", cfg), torch.random.fork_rng(devices=[]), _quiet():
        torch.manual_seed(seed)
        model = MODELS.build(_without_pretrained(cfg.model))
        model.init_weights()
    if checkpoint is not None:
        content = read_checkpoint(checkpoint)
        check_fit(checkpoint, model, content)
        model.load_state_dict(content.get("state_dict", content))
    return model.to(device).eval()


@contextmanager
def building(what: str, cfg: Config) -> Iterator[None]:
    """An error while a part of a config is built is the config's.

    Raises:
        InputError: names the config, the part (``what``) and what was said of it.
    """
    try:
        yield
    except InputError:
        raise
    except (AssertionError, AttributeError, ImportError, LookupError, NameError, TypeError, ValueError) as error:
        raise InputError(
            f"{name_of(cfg)}: its {what} cannot be built ({reason_of(error)}); mend the config."
        ) from error


def name_of(cfg: Config) -> str:
    """The config's file, for a sentence about it."""
    return cfg.filename or "the config"


def reason_of(error: BaseException) -> str:
    """Kind and first sentence of an error, for a sentence about it."""
    said = error.args[0] if isinstance(error, KeyError) and error.args else error  # a KeyError's text is in quotes
    return f"{type(error).__name__}: {said}".splitlines()[0].split(". ")[0].rstrip(".")


def _without_pretrained(node: Any) -> Any:
    """A copy of a config in which no part fetches weights."""
    if isinstance(node, dict):
        pretrained = isinstance(node.get("init_cfg"), dict) and node["init_cfg"].get("type") == "Pretrained"
        kept = {key: _without_pretrained(value) for key, value in node.items()}
        return type(node)(kept, init_cfg=None) if pretrained else type(node)(kept)
    return [_without_pretrained(item) for item in node] if isinstance(node, list) else node


@contextmanager
def _quiet() -> Iterator[None]:
    """Without mmengine's line per parameter."""
    logger = MMLogger.get_current_instance()
    before = logger.level
    logger.setLevel(logging.WARNING)  # not logging.disable, which mmengine's logger would remember for good
    try:
        yield
    finally:
        logger.setLevel(before)
