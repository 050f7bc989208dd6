"""Linear layers that are fast on every maker's CPU."""

import torch
from torch import Tensor, nn

from .recording import is_recorded

__all__ = ["CPULinear", "linear_by_onednn"]

linear_by_onednn = (
    getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.is_available() else None
)
"""oneDNN's linear layer as a function; ``None`` where torch was built without it."""


class CPULinear(nn.Linear):
    """``nn.Linear``, whose product oneDNN computes at test on a CPU in float32.

    torch leaves such products to MKL, which is slow on CPUs that are not Intel's. oneDNN, which torch takes for
    convolutions, is not: for 100 queries that generate their filters it needs 4.6 ms where MKL needs 14.2 ms (AMD EPYC,
    two cores). Weights and their names are those of ``nn.Linear``, results differ by rounding.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(..., in_features) -> (..., out_features)."""
        kinds = {x.dtype, self.weight.dtype, x.device.type}
        fit = kinds == {torch.float32, "cpu"} and x.numel() and not torch.is_autocast_enabled("cpu")
        if linear_by_onednn is None or not fit or is_recorded():
            return super().forward(x)
        return linear_by_onednn(x, self.weight, self.bias, "none", [], "")
