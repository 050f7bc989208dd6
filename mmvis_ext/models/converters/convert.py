"""The converter for a model, whatever its kind."""

from torch import Tensor

from mmvis_ext.models.baselines import Mask2FormerVISBaseline, MaskTrackRCNNBaseline, VisTR
from mmvis_ext.models.efficientvis import EfficientVIS
from mmvis_ext.models.inspro import InstanceModel
from mmvis_ext.models.srnet import SRNet
from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.utils.errors import InputError

from .baselines import convert_detector
from .class_rows import ClassRows
from .conversion import Conversion
from .detr import convert_detr
from .mask_rcnn import convert_mask_rcnn
from .same_model import convert_same_model
from .sparse_rcnn import convert_sparse_rcnn

__all__ = ["convert_weights"]

HEADS = ("head.", "track_head.", "detector.")  # names of our models' weights; mmdet's are roi_head, bbox_head, ...


def convert_weights(
    weights: dict[str, Tensor], model: VideoModel, rows: ClassRows | None = None, where: str = "the checkpoint"
) -> Conversion:
    """Convert a checkpoint of the detector that a model extends, or of the same kind of model.

    Args:
        weights: ``state_dict``, name -> (...) tensor, of mmdet's Sparse R-CNN or QueryInst for an EfficientVIS or an
            InsPro, of Mask R-CNN for an SRNet or a MaskTrack R-CNN, of Mask2Former for a Mask2Former-VIS, of DETR for a
            VisTR; or of a model of the same kind.
        model: the model, with initial weights; it is not modified.
        rows: the classes that both have. ``None`` takes the whole classifier if it has as many classes as the model's,
            and none of it otherwise.
        where: the checkpoint's name in error messages.

    Raises:
        InputError: the weights belong to another kind of model, or there is no converter for the model.
    """
    if any(key.startswith(HEADS) for key in weights.keys() & model.state_dict().keys()):
        return convert_same_model(weights, model, rows, where)
    if isinstance(model, SRNet):
        return convert_mask_rcnn(weights, model, where)
    if isinstance(model, EfficientVIS | InstanceModel):
        return convert_sparse_rcnn(weights, model, rows, where)
    if isinstance(model, MaskTrackRCNNBaseline | Mask2FormerVISBaseline):
        return convert_detector(weights, model, rows, where)
    if isinstance(model, VisTR):
        return convert_detr(weights, model, rows, where)
    raise InputError(
        f"{where}: mmdet's weights cannot be converted for a {type(model).__name__}; give a checkpoint of its own kind."
    )
