"""Weights of mmdet's two baselines from the detectors that they extend: Mask R-CNN and Mask2Former of mmdet."""

from torch import Tensor

from mmvis_ext.models.baselines import Mask2FormerVISBaseline, MaskTrackRCNNBaseline
from mmvis_ext.utils.errors import InputError

from .class_rows import ClassRows
from .conversion import Conversion
from .same_model import take_by_name

__all__ = ["convert_detector"]


def convert_detector(
    weights: dict[str, Tensor],
    model: MaskTrackRCNNBaseline | Mask2FormerVISBaseline,
    rows: ClassRows | None = None,
    where: str = "the checkpoint",
) -> Conversion:
    """Take a detector's weights; those of tracking keep their initial values.

    Args:
        weights: ``state_dict`` of an mmdet ``MaskRCNN`` for a MaskTrack R-CNN, or of a ``Mask2Former`` for instances
            for a Mask2Former-VIS: name -> (...) tensor.
        model: the model, with initial weights; it is not modified.
        rows: see :func:`convert_same_model`.
        where: the checkpoint's name in error messages.

    Raises:
        InputError: the weights belong to another kind of model.
    """
    if isinstance(model, MaskTrackRCNNBaseline):
        kind, part, names = "Mask R-CNN", "roi_head.", {key: f"detector.{key}" for key in weights}
    else:
        kind, part = "Mask2Former", "panoptic_head."
        names = {key: key.replace(part, "track_head.", 1) if key.startswith(part) else key for key in weights}
    if not any(key.startswith(part) for key in weights):
        raise InputError(f"{where}: has no {part}*; give a checkpoint of mmdet's {kind}.")
    conversion = Conversion.of(model)
    take_by_name(conversion, names, weights, model, rows)
    conversion.close()
    return conversion
