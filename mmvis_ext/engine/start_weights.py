"""Making the weights that a config's training starts from, out of public checkpoints."""

import io
from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmvis_ext.annotations.class_maps import CLASS_MAPS
from mmvis_ext.annotations.json_file import load_json
from mmvis_ext.checkpoints import plain, weights_of
from mmvis_ext.models import SRNet
from mmvis_ext.models.converters import ClassRows, Conversion, add_condinst, convert_weights
from mmvis_ext.registry import DATASETS
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.files import write_atomically

from .building import build_model, building, name_of

__all__ = ["category_names", "make_start", "training_classes", "write_start"]


def make_start(
    cfg: Config, checkpoint: dict, where: str, masks: dict | None = None, masks_where: str = "",
    classes: Sequence[str] | None = None, seed: int = 0,
) -> Conversion:  # fmt: skip
    """Convert a checkpoint to the weights that a config's training starts from.

    Classifier rows are taken for classes of the same name. Names of COCO that are other names in the data set are
    translated by the config's ``coco_class_map``.

    Args:
        cfg: the config of the model.
        checkpoint: of the detector, or of the same kind of model; see :func:`convert_weights`.
        where: its name in error messages.
        masks: a checkpoint of mmdet's CondInst, for the mask branch of an InsPro.
        masks_where: its name in error messages.
        classes: class names of the config in label order; by default those of its training data.
        seed: of the weights that stay as they are initialised.

    Raises:
        InputError: a checkpoint does not fit, or the classes cannot be read.
    """
    model = build_model(cfg, seed=seed)
    rows, known = None, class_names(checkpoint)
    if known is not None and not (isinstance(model, SRNet) and _is_mmdets(checkpoint)):
        here = training_classes(cfg) if classes is None else classes
        if len(here) != model.num_classes:
            raise InputError(
                f"{name_of(cfg)}: its model has {model.num_classes} classes but its training data {len(here)}; correct "
                "num_classes, or give the annotation file that it is trained on."
            )
        name = cfg.get("coco_class_map") if set(known) == set(_coco()) else None
        rows = ClassRows.by_name(here, known, CLASS_MAPS[name] if name else None)
    conversion = convert_weights(weights_of(checkpoint), model, rows, where)
    if masks is not None:
        add_condinst(conversion, weights_of(masks), model, masks_where)
    return conversion


def write_start(path: Path, conversion: Conversion, made_of: Sequence[str], cfg: Config) -> None:
    """Write the weights as a checkpoint, from which a training can start.

    Raises:
        InputError: the place cannot be written.
    """
    content = io.BytesIO()
    meta = dict(converted_from=[Path(file).name for file in made_of], config=name_of(cfg))
    torch.save(plain(dict(meta=meta, state_dict=conversion.state_dict)), content)
    write_atomically(path, content.getvalue())


def class_names(checkpoint: dict) -> tuple[str, ...] | None:
    """A checkpoint's class names in label order; COCO's for a detector of 80 classes that does not name them.

    Returns:
        ``None`` if it does not say.
    """
    meta = checkpoint.get("meta") or {}
    named = meta.get("dataset_meta") or meta
    names = next((named[key] for key in ("classes", "CLASSES") if named.get(key)), None)
    if names is not None:
        return tuple(str(name) for name in names)
    numbers = {len(value) for key, value in weights_of(checkpoint).items() if key.endswith(CLASSIFIERS)}
    return _coco() if numbers & {80, 81} else None


CLASSIFIERS = (".fc_cls.bias", ".cls_embed.bias")  # of mmdet's detectors; with one row more if there is background


def training_classes(cfg: Config) -> tuple[str, ...]:
    """Class names of a config's training data in label order, those of the first set of a mixture.

    Raises:
        InputError: the data set cannot be read.
    """
    init_default_scope(cfg.get("default_scope", "mmvis_ext"))
    part = cfg.train_dataloader.dataset
    while "datasets" in part:
        part = next(iter(part.datasets.values()))
    with building("train_dataloader.dataset", cfg):
        return DATASETS.build(dict(part, lazy_init=True)).class_names()


def category_names(path: str | Path) -> tuple[str, ...]:
    """Names of an annotation file's categories, in label order.

    Raises:
        InputError: the file cannot be read or has none.
    """
    data = load_json(path)
    try:
        return tuple(str(category["name"]) for category in data["categories"])
    except (KeyError, TypeError):
        raise InputError(f"{path}: has no 'categories' with names; give an annotation file.") from None


def _is_mmdets(checkpoint: dict) -> bool:
    return any(key.startswith("roi_head.") for key in weights_of(checkpoint))


def _coco() -> tuple[str, ...]:
    from mmdet.datasets import CocoDataset

    return CocoDataset.METAINFO["classes"]
