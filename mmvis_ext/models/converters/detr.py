"""Weights of a VisTR from a checkpoint of mmdet's DETR."""

import re

from torch import Tensor

from mmvis_ext.models.baselines import VisTR
from mmvis_ext.utils.errors import InputError

from .class_rows import ClassRows
from .conversion import Conversion
from .same_model import take_by_name

__all__ = ["convert_detr"]

RENAMED: tuple[tuple[str, str], ...] = (
    (r"((?:encoder|decoder)\..+)", r"head.\1"),
    (r"neck\.convs\.0\.conv\.(.+)", r"head.project.\1"),
    (r"bbox_head\.(fc_cls\..+)", r"head.\1"),
    (r"bbox_head\.reg_ffn\.layers\.0\.0\.(.+)", r"head.fc_reg.layers.0.\1"),
    (r"bbox_head\.reg_ffn\.layers\.1\.(.+)", r"head.fc_reg.layers.1.\1"),
    (r"bbox_head\.fc_reg\.(.+)", r"head.fc_reg.layers.2.\1"),
)


def convert_detr(
    weights: dict[str, Tensor], model: VisTR, rows: ClassRows | None = None, where: str = "the checkpoint"
) -> Conversion:
    """Take what has the same shape: the backbone, and with as many channels the transformer, classes and boxes too.

    DETR's queries are of one frame and are never taken. mmdet's DETR has 256 channels and the paper's VisTR 384, which
    leaves the backbone.

    Args:
        weights: ``state_dict`` of an mmdet ``DETR``: name -> (...) tensor.
        model: the model, with initial weights; it is not modified.
        rows: see :func:`convert_same_model`.
        where: the checkpoint's name in error messages.

    Raises:
        InputError: the weights belong to another kind of model.
    """
    if "query_embedding.weight" not in weights or "bbox_head.fc_cls.weight" not in weights:
        raise InputError(f"{where}: has no query_embedding and bbox_head.fc_cls; give a checkpoint of mmdet's DETR.")
    conversion = Conversion.of(model)
    take_by_name(conversion, {key: _renamed(key) for key in weights}, weights, model, rows)
    conversion.close()
    return conversion


def _renamed(key: str) -> str:
    """This project's name for a weight of mmdet, the same where there is no other."""
    for pattern, replacement in RENAMED:
        match = re.fullmatch(pattern, key)
        if match is not None:
            return match.expand(replacement)
    return key
