from .shrink import shrink
from .tiny import CONFIGS, tiny_checkpoint, tiny_config, tiny_dataset, tiny_model

__all__ = ["CONFIGS", "shrink", "tiny_checkpoint", "tiny_config", "tiny_dataset", "tiny_model"]
