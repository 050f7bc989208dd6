"""Video instance segmentation for OpenMMLab: EfficientVIS, InsPro and SRNet."""

import warnings
from typing import TYPE_CHECKING

from .utils.lazy import lazy_names
from .version import __version__

if TYPE_CHECKING:
    from .engine.building import build_model
    from .inference import VISInferencer
    from .structures import VideoTracks

__all__ = ["VISInferencer", "VideoTracks", "__version__", "build_model"]

# Notices of optional parts of mmdet that nothing here uses.
warnings.filterwarnings("ignore", message=r"Could not import OneDL")
warnings.filterwarnings("ignore", message=r"faster_coco_eval is not installed")

# imported when they are first asked for, since torch and mmdet come with them
__getattr__, __dir__ = lazy_names(
    __name__, dict(VISInferencer="inference", VideoTracks="structures", build_model="engine.building")
)
