from .clips import GRID_STRIDE, Matches, match_clips
from .frames import match_frame
from .hungarian import cheapest_pairs
from .instance_cost import InstanceCost
from .sequence_assigner import SequenceAssigner
from .temporal_matcher import TemporalMatcher
from .tracklet_assigner import TrackletAssigner, soft_mask_iou

__all__ = [
    "GRID_STRIDE",
    "InstanceCost",
    "Matches",
    "SequenceAssigner",
    "TemporalMatcher",
    "TrackletAssigner",
    "cheapest_pairs",
    "match_clips",
    "match_frame",
    "soft_mask_iou",
]
