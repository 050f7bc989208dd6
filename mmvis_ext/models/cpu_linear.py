"""Linear layers that are fast on AMD's CPUs too."""

import torch
from torch import Tensor, nn

from .recording import is_recorded

__all__ = ["CPULinear", "linear_by_onednn"]

linear_by_onednn = (
    getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.is_available() else None
)
"""oneDNN's linear layer, which torch has for its compiler; ``None`` where torch was built without it."""


class CPULinear(nn.Linear):
    """``nn.Linear``, whose product oneDNN computes at test on a CPU in float32.

    torch leaves such products to MKL. On two cores of an AMD EPYC that takes 14.2 ms for 100 queries that generate
    their filters, and 4.6 ms by oneDNN, which torch takes for convolutions. Weights and their names are those of
    ``nn.Linear``, results differ by rounding.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(..., in_features) -> (..., out_features)."""
        kinds = {x.dtype, self.weight.dtype, x.device.type}
        fit = kinds == {torch.float32, "cpu"} and x.numel() and not torch.is_autocast_enabled("cpu")
        if linear_by_onednn is None or not fit or is_recorded():
            return super().forward(x)
        return linear_by_onednn(x, self.weight, self.bias, "none", [], "")
