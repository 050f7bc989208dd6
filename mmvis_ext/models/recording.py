"""Whether what is computed is recorded; if not, it can be done piece by piece, which needs less memory."""

import torch

__all__ = ["is_recorded"]


def is_recorded() -> bool:
    """Whether gradients are recorded, or operations, by a compiler or an exporter."""
    return torch.is_grad_enabled() or torch.compiler.is_compiling() or torch.jit.is_tracing()
