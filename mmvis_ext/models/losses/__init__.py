from .dedup import box_deduplication_loss
from .instance_losses import InstanceLossWeights, instance_losses, mask_losses
from .matched import Entries, Matches, box_losses, class_loss, class_targets, count_entries
from .tracklet_losses import LossWeights, tracklet_losses

__all__ = [
    "Entries",
    "InstanceLossWeights",
    "LossWeights",
    "Matches",
    "box_deduplication_loss",
    "box_losses",
    "class_loss",
    "class_targets",
    "count_entries",
    "instance_losses",
    "mask_losses",
    "tracklet_losses",
]
