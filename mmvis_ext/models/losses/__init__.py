from .dedup import box_deduplication_loss
from .dense_losses import DenseLossWeights, dense_losses
from .instance_losses import InstanceLossWeights, instance_losses, mask_losses
from .lovasz import lovasz_hinge
from .matched import Entries, box_losses, class_loss, class_targets, count_entries
from .sequence_losses import SequenceLossWeights, sequence_losses, sequence_mask_losses
from .tracklet_losses import LossWeights, tracklet_losses

__all__ = [
    "DenseLossWeights",
    "Entries",
    "InstanceLossWeights",
    "LossWeights",
    "SequenceLossWeights",
    "box_deduplication_loss",
    "box_losses",
    "class_loss",
    "class_targets",
    "count_entries",
    "dense_losses",
    "instance_losses",
    "lovasz_hinge",
    "mask_losses",
    "sequence_losses",
    "sequence_mask_losses",
    "tracklet_losses",
]
