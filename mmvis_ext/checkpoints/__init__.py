"""Files of checkpoints: what they hold, and how they are read. Nothing here imports mmengine or mmdet."""

from .content import check_content, check_training_state, weights_of
from .reading import plain, read_checkpoint, read_trusted

__all__ = ["check_content", "check_training_state", "plain", "read_checkpoint", "read_trusted", "weights_of"]
