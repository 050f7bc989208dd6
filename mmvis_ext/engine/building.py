"""A config's model without a runner around it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.config import Config

from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.registry import MODELS

from .checkpoints import check_fit, read_checkpoint

__all__ = ["build_model"]


def build_model(cfg: Config, checkpoint: str | None = None, device: str = "cpu", seed: int = 0) -> VideoModel:
    """The config's model in test mode; nothing is downloaded, and the config stays as it is.

    Args:
        cfg: with a ``model``.
        checkpoint: weights; random ones (seeded, as training starts but for pretrained parts) if not given.
        device: where the model goes.
        seed: of the random weights.

    Raises:
        InputError: the checkpoint is broken or another model's.
    """
    with torch.random.fork_rng(devices=[]), _quiet():
        torch.manual_seed(seed)
        model = MODELS.build(_without_pretrained(cfg.model))
        model.init_weights()
    if checkpoint is not None:
        content = read_checkpoint(checkpoint)
        check_fit(checkpoint, model, content)
        model.load_state_dict(content.get("state_dict", content))
    return model.to(device).eval()


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
    before = logging.root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(before)
