"""Video instance segmentation for OpenMMLab: EfficientVIS, InsPro and SRNet."""

import warnings

from .utils.stack import check_stack
from .version import __version__

__all__ = ["__version__"]

# Notices of optional parts of mmdet that nothing here uses.
warnings.filterwarnings("ignore", message=r"Could not import OneDL")
warnings.filterwarnings("ignore", message=r"faster_coco_eval is not installed")

check_stack()
