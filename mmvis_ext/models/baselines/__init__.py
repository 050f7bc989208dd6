from .mask2former_vis import Mask2FormerVISBaseline
from .masktrack_rcnn import MaskTrackRCNNBaseline, frame_pair

__all__ = ["Mask2FormerVISBaseline", "MaskTrackRCNNBaseline", "frame_pair"]
