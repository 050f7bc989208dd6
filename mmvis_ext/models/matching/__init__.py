from .clips import GRID_STRIDE, Matches, match_clips
from .frames import match_frame
from .instance_cost import InstanceCost
from .temporal_matcher import TemporalMatcher
from .tracklet_assigner import TrackletAssigner, soft_mask_iou

__all__ = [
    "GRID_STRIDE",
    "InstanceCost",
    "Matches",
    "TemporalMatcher",
    "TrackletAssigner",
    "match_clips",
    "match_frame",
    "soft_mask_iou",
]
