"""Backbone and FPN of mmdet's Mask R-CNN as those of an SRNet."""

import re
from collections.abc import Iterable

from torch import Tensor

from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.utils.errors import InputError

from .conversion import Conversion

__all__ = ["convert_mask_rcnn"]

PARTS = ("backbone.", "neck.")
BLOCK = re.compile(r"backbone\.layer(\d+)\.(\d+)\.")
COUNTER = ".num_batches_tracked"  # of training; a model works without


def convert_mask_rcnn(weights: dict[str, Tensor], model: VideoModel, where: str = "the checkpoint") -> Conversion:
    """Map a checkpoint's ResNet and FPN onto a model, which keeps its own values everywhere else.

    Names and shapes agree as they are, for the fifth level of Mask R-CNN's pyramid is pooled and has no weights. What
    its heads hold is listed as unused. Weights do not tell a ResNet in Caffe's style from one in PyTorch's, which the
    configs here have: a checkpoint with ``caffe`` in its name loads, and is wrong.

    Args:
        weights: ``state_dict`` of an mmdet ``MaskRCNN``: name -> (...) tensor.
        model: with initial weights, on a ResNet and an FPN; not changed.
        where: names the checkpoint in errors.

    Raises:
        InputError: the ResNets differ in depth, or a weight of the model's backbone or neck is missing or has another
            shape.
    """
    conversion = Conversion({key: value.clone() for key, value in model.state_dict().items()})
    own = conversion.state_dict
    _check_fit(weights, {key: value for key, value in own.items() if key.startswith(PARTS)}, where)
    for key, value in weights.items():
        if not key.startswith(PARTS):
            conversion.unused[key] = "of Mask R-CNN, only backbone and neck are taken"
        elif key not in own:
            conversion.unused[key] = "not in this config"
        else:
            own[key] = value.to(own[key].dtype).clone()
            conversion.mapped[key] = (key, "")
    conversion.initial.update(dict.fromkeys((k for k in own if k not in weights), "nothing like it in the checkpoint"))
    return conversion


def _check_fit(weights: dict[str, Tensor], own: dict[str, Tensor], where: str) -> None:
    """Refuse weights that do not fill the model's own backbone and neck."""
    here, there = _blocks(own), _blocks(weights)
    if there and here != there:
        raise InputError(
            f"{where}: its ResNet has {there} blocks per stage but the config's {here}; give a checkpoint and a config "
            "of the same depth."
        )
    missing = [key for key in own if key not in weights and not key.endswith(COUNTER)]
    if missing:
        raise InputError(
            f"{where}: has no {missing[0]}, one of {len(missing)} weights that the config's backbone and neck need; "
            "give a checkpoint of mmdet's Mask R-CNN with an FPN."
        )
    strange = next((key for key, value in own.items() if key in weights and weights[key].shape != value.shape), None)
    if strange is not None:
        raise InputError(
            f"{where}: {strange} has the shape {tuple(weights[strange].shape)} but the config's "
            f"{tuple(own[strange].shape)}; give a checkpoint and a config of the same depth and width."
        )


def _blocks(keys: Iterable[str]) -> list[int]:
    """Number of residual blocks in each stage of a ResNet, by the names of its weights."""
    stages: dict[int, int] = {}
    for match in filter(None, map(BLOCK.match, keys)):
        stage, block = int(match[1]), int(match[2])
        stages[stage] = max(stages.get(stage, 0), block + 1)
    return [stages[stage] for stage in sorted(stages)]
