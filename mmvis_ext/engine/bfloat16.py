"""Training in mixed precision on a CPU or a GPU."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from torch import nn

from mmvis_ext.registry import OPTIM_WRAPPERS

__all__ = ["BFloat16OptimWrapper"]


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Computes losses in bfloat16 where that is safe; weights, gradients and the optimizer stay in float32.

    mmengine's ``AmpOptimWrapper`` refuses a CPU. bfloat16 has the range of float32, so losses need no scale. The
    arguments are those of mmengine's ``OptimWrapper``.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """What mmengine's wrapper does around the losses, in bfloat16."""
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device, torch.bfloat16):
            yield
