"""A data set, a config, a model and a checkpoint for tests, as small as possible but with all features."""

from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mmvis_ext.engine.building import build_model
from mmvis_ext.models import VideoModel
from mmvis_ext.shapes_vis import CATEGORIES, generate
from mmvis_ext.utils.shipped import ROOT

from .shrink import shrink

__all__ = ["CONFIGS", "tiny_checkpoint", "tiny_config", "tiny_dataset", "tiny_model"]

CONFIGS = ROOT / "configs"
SMALL = "efficientvis/efficientvis_small_shapesvis-mini.py"


def tiny_dataset(folder: str | Path) -> Path:
    """Write ShapesVIS ``tiny`` (64x48 pixels, 5 to 9 frames, four videos to train on and two to test).

    Args:
        folder: folder to write to; nothing is done if the data set is there already.

    Returns:
        The root of its YouTube-VIS layout, for ``data_root``.
    """
    return generate("tiny", folder, workers=1) / "youtube_vis"


def tiny_config(data_root: str | Path | None = None, name: str = SMALL, **overrides: Any) -> Config:
    """A config that is shrunk until a step takes milliseconds.

    Args:
        data_root: root of the data sets; by default as in the config.
        name: path of the config to shrink, absolute or relative to ``configs``.
        overrides: settings by dotted keys, with ``__`` for each dot, such as ``model__clip_len=3``.
    """
    cfg = Config.fromfile(CONFIGS / name)
    cfg.model = shrink(cfg.model)
    settings: dict[str, Any] = {}
    head = cfg.model.get("head") or {}
    if "roi_extractor" in head:
        settings["model.head.roi_extractor.roi_layer.output_size"] = 5
    if "mask_roi_extractor" in head:
        settings["model.head.mask_roi_extractor.roi_layer.output_size"] = 10
    if "bank_length" in head:
        settings["model.head.bank_length"] = min(3, head["bank_length"])
    if "clip_len" in cfg.model:
        settings["model.clip_len"] = 3
    for loader in ("train_dataloader", "val_dataloader", "test_dataloader"):
        settings |= {f"{loader}.num_workers": 0, f"{loader}.persistent_workers": False}
        if data_root is not None:
            settings[f"{loader}.dataset.data_root"] = str(data_root)
    settings |= {key.replace("__", "."): value for key, value in overrides.items()}
    cfg.merge_from_dict(settings)
    return cfg


def tiny_model(cfg: Config, seed: int = 0) -> VideoModel:
    """The config's model in test mode with random weights; nothing is downloaded.

    Classifier weights are drawn with a large variance, so that scores differ and some slots are visible in some frames
    only. With the usual initialisation, all scores would be nearly equal. So are the layers that generate InsPro's mask
    convolutions, whose masks would be empty or full together.
    """
    model = build_model(cfg, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if model.is_classifier(key):
                parameter.normal_(-4.0 if key.endswith("bias") else 0.0, generator=generator)
            elif "mask_weights." in key or "lite_weights." in key:
                parameter.normal_(0.0, 0.5, generator=generator)
    return model


def tiny_checkpoint(path: str | Path, cfg: Config, seed: int = 0) -> Path:
    """Save :func:`tiny_model` as training saves a model, with ShapesVIS' classes in its meta."""
    classes = tuple(category["name"] for category in CATEGORIES)
    meta = dict(dataset_meta=dict(classes=classes, categories=tuple(CATEGORIES)))
    torch.save(dict(state_dict=tiny_model(cfg, seed).state_dict(), meta=meta), path)
    return Path(path)
