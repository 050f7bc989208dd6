from .tiny import tiny_checkpoint, tiny_config, tiny_dataset, tiny_model

__all__ = ["tiny_checkpoint", "tiny_config", "tiny_dataset", "tiny_model"]
