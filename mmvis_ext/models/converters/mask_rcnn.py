"""Weights of an SRNet's backbone and FPN from a checkpoint of mmdet's Mask R-CNN."""

import re
from collections.abc import Iterable

from torch import Tensor

from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.utils.errors import InputError

from .conversion import Conversion

__all__ = ["convert_mask_rcnn"]

PARTS = ("backbone.", "neck.")
BLOCK = re.compile(r"backbone\.layer(\d+)\.(\d+)\.")
COUNTER = ".num_batches_tracked"  # BatchNorm's step counter, which may be missing


def convert_mask_rcnn(weights: dict[str, Tensor], model: VideoModel, where: str = "the checkpoint") -> Conversion:
    """Take the ResNet and FPN from a checkpoint; the model's other weights keep their initial values.

    Names and shapes are the same in both models: the fifth level of Mask R-CNN's pyramid is pooled and has no weights.
    The weights of its heads are listed as unused.

    Do not use a checkpoint with ``caffe`` in its name: its ResNet is in Caffe style, and those of the configs here are
    in PyTorch style. It would load without an error, since names and shapes are equal, but the model would be wrong.

    Args:
        weights: ``state_dict`` of an mmdet ``MaskRCNN``: name -> (...) tensor.
        model: a model with a ResNet, an FPN and initial weights; it is not modified.
        where: the checkpoint's name in error messages.

    Raises:
        InputError: the ResNets differ in depth, or a weight of the model's backbone or neck is missing or has another
            shape.
    """
    conversion = Conversion.of(model)
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
    conversion.close()
    return conversion


def _check_fit(weights: dict[str, Tensor], own: dict[str, Tensor], where: str) -> None:
    """Raise an InputError if the weights do not provide all of the model's backbone and neck."""
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
    """Number of residual blocks in each stage of a ResNet, from the names of its weights."""
    stages: dict[int, int] = {}
    for match in filter(None, map(BLOCK.match, keys)):
        stage, block = int(match[1]), int(match[2])
        stages[stage] = max(stages.get(stage, 0), block + 1)
    return [stages[stage] for stage in sorted(stages)]
