from .tracklet_losses import LossWeights, Matches, class_targets, count_entries, tracklet_losses

__all__ = ["LossWeights", "Matches", "class_targets", "count_entries", "tracklet_losses"]
