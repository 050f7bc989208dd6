from .efficientnet_lite import EfficientNetLite
from .timm_backbone import TimmBackbone

__all__ = ["EfficientNetLite", "TimmBackbone"]
