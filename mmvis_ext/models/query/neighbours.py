"""How a tracklet's responses on neighbouring frames become one (EfficientVIS, Sec. 3.1, Eq. 3)."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

__all__ = ["fuse_neighbours", "neighbour_frames"]

EPS = 1e-8  # the least product of two norms in a cosine similarity


def neighbour_frames(length: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Indices t-1, t, t+1 of the neighbours of each frame t, itself included.

    Returns:
        index (T,3) int64, clamped to the clip, and valid (T,3) bool, false where the neighbour is outside the clip.
    """
    index = torch.arange(length, device=device)[:, None] + torch.arange(-1, 2, device=device)
    return index.clamp(0, length - 1), (index >= 0) & (index < length)


def fuse_neighbours(responses: Tensor, valid: Tensor) -> Tensor:
    """Average a filter's responses on a frame and its two neighbours, weighted by similarity (the sum in Eq. 3).

    The weight at each location is the softmax over t' = t-1, t, t+1 of the cosine similarity over channels between
    the response at t and the one at t'. A neighbour outside the clip is left out of the softmax (the paper leaves
    this open). Half-precision responses are converted to float32, since their squares would overflow or vanish.

    Args:
        responses: (B,N,T,3,C,S,S), the responses of frame t's filter on the RoI features of t-1, t and t+1.
        valid: (T,3) bool, false where the neighbour is outside the clip.

    Returns:
        (B,N,T,C,S,S) in the dtype of ``responses``.
    """
    vectors = responses.flatten(5).transpose(4, 5)  # (B,N,T,3,S*S,C), in which a vector lies in one piece
    fused = _Fuse.apply(vectors, valid) if torch.is_grad_enabled() else _fuse(vectors, valid)[0]
    return fused.transpose(3, 4).unflatten(4, responses.shape[5:])


def _fuse(vectors: Tensor, valid: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Fuse (B,N,T,3,P,C) vectors to (B,N,T,P,C); also their norms, similarities and weights, (B,N,T,3,P) each."""
    kept = _kept(vectors, valid)
    norms = torch.linalg.vector_norm(kept, dim=-1)
    products = (kept * kept[:, :, :, 1:2]).sum(dim=-1)
    # the same as F.cosine_similarity, but without normalising every channel first
    similarity = products / (norms * norms[:, :, :, 1:2]).clamp(min=EPS)
    weights = similarity.masked_fill(~valid[:, :, None], float("-inf")).softmax(dim=3)
    return (weights[..., None] * kept).sum(dim=3).to(vectors.dtype), norms, similarity, weights


def _kept(vectors: Tensor, valid: Tensor) -> Tensor:
    """The vectors in float32 or more, with zeros for those that are left out.

    A weight of zero is not enough where a vector that is left out is not finite: 0 * inf is nan.
    """
    vectors = vectors.to(torch.promote_types(vectors.dtype, torch.float32))
    return vectors.masked_fill(~valid[:, :, None, None], 0.0)


class _Fuse(torch.autograd.Function):
    """:func:`_fuse` with its gradient written out, which takes a CPU two thirds of the time that autograd's takes."""

    @staticmethod
    def forward(ctx: Any, vectors: Tensor, valid: Tensor) -> Tensor:
        fused, *numbers = _fuse(vectors, valid)
        ctx.save_for_backward(vectors, valid, *numbers)
        return fused

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """With fused = sum_j w_j v_j, w = softmax(s) and s_j = v_j.c / (|v_j| |c|), where c = v_1 is the centre."""
        vectors, valid, norms, similarity, weights = ctx.saved_tensors
        dtype, vectors, grad = vectors.dtype, _kept(vectors, valid), grad.to(weights.dtype)
        centre = vectors[:, :, :, 1]
        along = (vectors * grad[:, :, :, None]).sum(dim=-1)
        slope = weights * (along - (weights * along).sum(dim=3, keepdim=True))  # of s_j
        scale = norms * norms[:, :, :, 1:2]
        varies = scale > EPS  # else the product of the norms is the constant EPS
        per_scale = slope / scale.clamp(min=EPS)
        pull = torch.where(varies, slope * similarity, 0.0)
        # 0/0 where a vector is zero: then it does not vary
        own = torch.where(varies, pull / norms.square(), 0.0)
        shared = torch.where(varies, pull / norms[:, :, :, 1:2].square(), 0.0).sum(dim=3)
        out = weights[..., None] * grad[:, :, :, None]
        out.addcmul_(per_scale[..., None], centre[:, :, :, None]).addcmul_(own[..., None], vectors, value=-1)
        out[:, :, :, 1].add_((per_scale[..., None] * vectors).sum(dim=3)).addcmul_(shared[..., None], centre, value=-1)
        return out.to(dtype), None
