from .instance_cost import InstanceCost
from .temporal_matcher import TemporalMatcher
from .tracklet_assigner import TrackletAssigner, soft_mask_iou

__all__ = ["InstanceCost", "TemporalMatcher", "TrackletAssigner", "soft_mask_iou"]
