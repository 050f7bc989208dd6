"""Self-attention among tracklet queries (EfficientVIS, Sec. 3.1, Eq. 1 and 2)."""

from torch import Tensor, nn

__all__ = ["FactorisedTemporoSpatialAttention"]

MODES = {
    "factorised": ("temporal", "spatial"),
    "spatial": ("spatial",),
    "temporal": ("temporal",),
    "joint": ("joint",),
}


class FactorisedTemporoSpatialAttention(nn.Module):
    """FTSA: attention over the T embeddings of one query, then over the N queries of one frame.

    Each attention has its own weights, a residual connection and a LayerNorm. The other modes are the paper's
    comparisons (Table 1a): one of the two alone, or attention over all T*N embeddings of a clip at once (``joint``).

    Args:
        embed_dims: C.
        num_heads: heads of each attention; must divide C.
        mode: ``factorised``, ``spatial``, ``temporal`` or ``joint``.
        temporal_first: in ``factorised``, whether temporal attention comes before spatial attention.

    Raises:
        ValueError: the mode is unknown.
    """

    def __init__(
        self, embed_dims: int, num_heads: int = 8, mode: str = "factorised", temporal_first: bool = True
    ) -> None:
        super().__init__()
        if mode not in MODES:
            raise ValueError(f"Attention mode {mode!r} is unknown; choose one of {sorted(MODES)}.")
        self.order = MODES[mode] if temporal_first else MODES[mode][::-1]
        self.attentions = nn.ModuleDict(
            {name: nn.MultiheadAttention(embed_dims, num_heads, batch_first=True) for name in self.order}
        )
        self.norms = nn.ModuleDict({name: nn.LayerNorm(embed_dims) for name in self.order})

    def forward(self, queries: Tensor) -> Tensor:
        """(B,N,T,C) -> (B,N,T,C)."""
        for name in self.order:
            queries = self._attend(name, queries)
        return queries

    def _attend(self, name: str, queries: Tensor) -> Tensor:
        b, n, t, c = queries.shape
        if name == "spatial":
            queries = queries.transpose(1, 2)
        tokens = queries.reshape(b, n * t, c) if name == "joint" else queries.flatten(0, 1)
        mixed, _ = self.attentions[name](tokens, tokens, tokens, need_weights=False)
        tokens = self.norms[name](tokens + mixed)
        if name == "spatial":
            return tokens.view(b, t, n, c).transpose(1, 2)
        return tokens.view(b, n, t, c)
