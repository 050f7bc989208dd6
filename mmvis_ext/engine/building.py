"""Reading a config, and building its model or data set without a runner; all errors name the config."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from torch.utils.data import Dataset

from mmvis_ext.checkpoints import read_checkpoint, weights_of
from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.registry import DATASETS, MODELS
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import require_file

from .checkpoints import check_fit

__all__ = ["build_dataset", "build_model", "building", "name_of", "read_config", "reason_of"]


def build_model(
    cfg: Config | str | Path, checkpoint: str | Path | None = None, device: str | torch.device = "cpu", seed: int = 0,
    content: dict | None = None,
) -> VideoModel:  # fmt: skip
    """Build a config's model in test mode. Nothing is downloaded, and the config is not modified.

    Args:
        cfg: path of a config, or the config itself, with a ``model``.
        checkpoint: path of the weights. Without it the weights are random: the model is initialised as for training,
            except that parts with a pretrained ``init_cfg``, such as the backbone, are random too.
        device: device of the model.
        seed: seed of the random weights.
        content: the checkpoint's content, if it has been read already.

    Raises:
        InputError: the model cannot be built, or the checkpoint is broken or does not fit the model.
    """
    cfg = cfg if isinstance(cfg, Config) else read_config(str(cfg))
    with building("model", cfg), torch.random.fork_rng(devices=[]), _quiet():
        torch.default_generator.manual_seed(seed)  # that of the CPU alone, which fork_rng restores
        model = MODELS.build(without_pretrained(cfg.model))
        if checkpoint is None:
            model.init_weights()
    if checkpoint is not None:
        content = read_checkpoint(checkpoint) if content is None else content
        check_fit(checkpoint, model, content)
        model.load_state_dict(weights_of(content))
    return model.to(device).eval()


def build_dataset(cfg: Config, split: str) -> Dataset:
    """Build the data set of a config's ``train``, ``val`` or ``test`` loader.

    Raises:
        InputError: the config has no such loader, or the data set cannot be built.
    """
    loader = cfg.get(f"{split}_dataloader")
    if loader is None:
        raise InputError(f"{name_of(cfg)}: has no {split}_dataloader; add it or choose another split.")
    init_default_scope(cfg.get("default_scope", "mmvis_ext"))
    with building(f"{split}_dataloader.dataset", cfg):
        return DATASETS.build(loader.dataset)


def read_config(path: str, options: Mapping[str, Any] | None = None) -> Config:
    """Read a config file, which runs it: a config is a program.

    Args:
        path: path of the file.
        options: values by dotted keys, such as ``model.clip_len``, which override those of the file.

    Raises:
        InputError: the file is missing or broken, or an option cannot be applied to it.
    """
    try:
        require_file(Path(path).expanduser())
        cfg = Config.fromfile(path)
    except FileNotFoundError as error:
        raise InputError(f"{error.filename or path}: no such config; check the path and its _base_ files.") from None
    except Exception as error:  # a config is a program, which can fail in any way
        raise InputError(f"{path}: the config cannot be read ({reason_of(error)}); correct it.") from None
    for key, value in (options or {}).items():
        try:
            cfg.merge_from_dict({key: value})
        except (AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}: {key}={value} does not go with the config ({reason_of(error)}); check the key."
            ) from None
    return cfg


@contextmanager
def building(what: str, cfg: Config) -> Iterator[None]:
    """Turn errors in a ``with`` block that builds a part of a config into an :class:`InputError`.

    Raises:
        InputError: names the config, the part (``what``) and the original error.
    """
    try:
        yield
    except InputError:
        raise
    except (AssertionError, AttributeError, ImportError, LookupError, NameError, TypeError, ValueError) as error:
        raise InputError(
            f"{name_of(cfg)}: its {what} cannot be built ({reason_of(error)}); correct that setting in the config."
        ) from error


def name_of(cfg: Config) -> str:
    """The name of a config in error messages: its file, if it has one."""
    return cfg.filename or "the config"


def reason_of(error: BaseException) -> str:
    """Type and first sentence of an error, for use inside another error message."""
    # str() of a KeyError would put its text in quotes
    said = error.args[0] if isinstance(error, KeyError) and error.args else error
    return f"{type(error).__name__}: {said}".splitlines()[0].split(". ")[0].rstrip(".")


def without_pretrained(node: Any) -> Any:
    """A copy of a config without any ``init_cfg`` or ``pretrained`` that would load weights."""
    if isinstance(node, dict):
        pretrained = isinstance(node.get("init_cfg"), dict) and node["init_cfg"].get("type") == "Pretrained"
        kept = {key: None if key == "pretrained" else without_pretrained(value) for key, value in node.items()}
        return type(node)(kept, init_cfg=None) if pretrained else type(node)(kept)
    return [without_pretrained(item) for item in node] if isinstance(node, list) else node


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the line that mmengine logs for each parameter when it initialises weights.

    mmengine also writes these lines into the log file of the last run of this process, which may be closed by now.
    """
    logger = MMLogger.get_current_instance()
    before, handlers = logger.level, logger.handlers
    logger.setLevel(logging.WARNING)  # not logging.disable: mmengine's logger would cache it and stay silent
    logger.handlers = [handler for handler in handlers if not isinstance(handler, logging.FileHandler)]
    try:
        yield
    finally:
        logger.handlers = handlers
        logger.setLevel(before)
