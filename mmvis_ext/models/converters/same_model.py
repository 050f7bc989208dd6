"""Weights of a model from a checkpoint of the same kind of model, which may have other classes."""

from torch import Tensor

from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.utils.errors import InputError

from .class_rows import ClassRows
from .conversion import Conversion

__all__ = ["convert_same_model", "take_by_name"]


def convert_same_model(
    weights: dict[str, Tensor], model: VideoModel, rows: ClassRows | None = None, where: str = "the checkpoint"
) -> Conversion:
    """Take all weights with the same name and shape, and of the classifier the rows of common classes.

    For example from an InsPro that was trained on COCO to one for YouTube-VIS.

    Args:
        weights: ``state_dict``: name -> (...) tensor.
        model: the model, with initial weights; it is not modified.
        rows: the classes that both have. ``None`` takes the whole classifier if it has as many classes as the model's,
            and none of it otherwise.
        where: the checkpoint's name in error messages.

    Raises:
        InputError: the weights belong to another kind of model.
    """
    conversion = Conversion.of(model)
    take_by_name(conversion, {key: key for key in weights}, weights, model, rows)
    if not conversion.mapped:
        raise InputError(f"{where}: none of its weights is in this model; give a checkpoint of the same kind of model.")
    conversion.close()
    return conversion


def take_by_name(
    conversion: Conversion, names: dict[str, str], weights: dict[str, Tensor], model: VideoModel, rows: ClassRows | None
) -> None:
    """Take weights under other names.

    Args:
        conversion: to the model; it is modified.
        names: the model's name of each weight by the checkpoint's name.
        weights: the checkpoint's weights: name -> (...) tensor.
        model: the model.
        rows: see :func:`convert_same_model`.
    """
    own = conversion.state_dict
    for key, value in weights.items():
        target = names[key]
        if target not in own:
            conversion.unused[key] = "not in this config"
        elif model.is_classifier(target) and rows is not None:
            rows.convert(conversion, key, value, target)
        elif own[target].shape != value.shape:
            conversion.unused[key] = f"has the shape {tuple(value.shape)} and not {tuple(own[target].shape)}"
        else:
            own[target] = value.to(own[target].dtype).clone()
            conversion.mapped[key] = (target, "")
