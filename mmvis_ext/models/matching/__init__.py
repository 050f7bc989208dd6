from .tracklet_assigner import TrackletAssigner, soft_mask_iou

__all__ = ["TrackletAssigner", "soft_mask_iou"]
