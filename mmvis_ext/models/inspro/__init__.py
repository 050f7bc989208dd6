from .by_detection import InsProByDetection
from .inspro import InsPro, InsProState
from .instance_model import FrameOutput, InstanceModel
from .lite import InsProLite
from .track_and_detect import InsProTrackAndDetect

__all__ = [
    "FrameOutput",
    "InsPro",
    "InsProByDetection",
    "InsProLite",
    "InsProState",
    "InsProTrackAndDetect",
    "InstanceModel",
]
