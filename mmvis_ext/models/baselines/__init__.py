from .mask2former_vis import Mask2FormerVISBaseline
from .masktrack_rcnn import MaskTrackRCNNBaseline, frame_pair
from .salient_object import SalientObjectBaseline
from .vistr import VisTR

__all__ = ["Mask2FormerVISBaseline", "MaskTrackRCNNBaseline", "SalientObjectBaseline", "VisTR", "frame_pair"]
