from .mask2former_vis import Mask2FormerVISBaseline
from .masktrack_rcnn import MaskTrackRCNNBaseline, frame_pair
from .salient_object import SalientObjectBaseline

__all__ = ["Mask2FormerVISBaseline", "MaskTrackRCNNBaseline", "SalientObjectBaseline", "frame_pair"]
