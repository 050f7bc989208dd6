"""Which models can be exported, and as which steps."""

from mmvis_ext.models import EfficientVIS, InsPro, InsProLite, SRNet, VideoModel
from mmvis_ext.utils.errors import InputError

from .efficientvis import EfficientVISStep
from .inspro import InsProBetweenStep, InsProStep
from .srnet import SRNetStep
from .steps import ExportedStep

__all__ = ["SYSTEMS", "steps_of"]

SYSTEMS: dict[type[VideoModel], tuple[type[ExportedStep], ...]] = {
    EfficientVIS: (EfficientVISStep,),
    InsPro: (InsProStep,),
    InsProLite: (InsProStep, InsProBetweenStep),
    SRNet: (SRNetStep,),
}
"""The step of each model; of one with key frames, the step of a key frame and that of the frames between."""


def steps_of(model: VideoModel, size: tuple[int, int], objects: int) -> list[ExportedStep]:
    """The steps as which a model is exported.

    Args:
        model: the model, in test mode on a CPU.
        size: (H, W) of the frames in pixels.
        objects: M, how many objects a window can show at most.

    Raises:
        InputError: the model cannot be exported.
    """
    if type(model) not in SYSTEMS:
        known = ", ".join(kind.__name__ for kind in SYSTEMS)
        raise InputError(f"a model of type {type(model).__name__} cannot be exported; choose a config of {known}.")
    return [kind(model, size, objects).eval() for kind in SYSTEMS[type(model)]]
