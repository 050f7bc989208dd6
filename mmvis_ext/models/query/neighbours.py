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


def fuse_neighbours(responses: Tensor) -> Tensor:
    """Average a filter's responses on a frame and its two neighbours, weighted by similarity (the sum in Eq. 3).

    The weight at each location is the softmax over t' = t-1, t, t+1 of the cosine similarity over channels between
    the response at t and the one at t'. A neighbour outside the clip is left out of the softmax (the paper leaves
    this open), whatever stands in its place. Half-precision responses are converted to float32, since their squares
    would overflow or vanish.

    Args:
        responses: (B,N,T,3,P,C), the responses of frame t's filter at the P = S*S locations of the RoIs of t-1, t and
            t+1.

    Returns:
        (B,N,T,P,C) in the dtype of ``responses``.
    """
    return _Fuse.apply(responses) if torch.is_grad_enabled() else _fuse(responses)[0]


def _fuse(vectors: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The fused vectors (B,N,T,P,C), and the norms, similarities and weights of all, (B,N,T,3,P) each.

    Nothing of the size of ``vectors`` is written, which would take longer than to compute it.
    """
    dtype, vectors = vectors.dtype, _float(vectors)
    missing = _missing(vectors)
    norms = torch.linalg.vector_norm(vectors, dim=-1).masked_fill(missing, 0.0)
    products = _products(vectors, vectors[:, :, :, 1])
    # the same as F.cosine_similarity, but without normalising every channel first
    similarity = (products / (norms * norms[:, :, :, 1:2]).clamp(min=EPS)).masked_fill(missing, 0.0)
    weights = similarity.masked_fill(missing, float("-inf")).softmax(dim=3)
    fused = torch.zeros_like(vectors[:, :, :, 1])
    _add_weighted(fused, vectors, weights)
    return fused.to(dtype), norms, similarity, weights


def _float(vectors: Tensor) -> Tensor:
    """In float32 or more."""
    return vectors.to(torch.promote_types(vectors.dtype, torch.float32))


def _missing(vectors: Tensor) -> Tensor:
    """(T,3,1), true where a neighbour is outside the clip."""
    return ~neighbour_frames(vectors.shape[2], vectors.device)[1][..., None]


def _products(vectors: Tensor, others: Tensor) -> Tensor:
    """Scalar products (B,N,T,3,P) of the vectors with one (B,N,T,P,C) per frame and location."""
    return torch.stack([(vector * others).sum(dim=-1) for vector in vectors.unbind(3)], dim=3)


def _add_weighted(total: Tensor, vectors: Tensor, weights: Tensor) -> None:
    """Add the sum of the weighted vectors over t', without those outside the clip, to ``total`` (B,N,T,P,C).

    A weight of zero is not enough where a vector that is left out is not finite: 0 * inf is nan.
    """
    before, centre, after = vectors.unbind(3)
    before_weight, centre_weight, after_weight = weights[..., None].unbind(3)
    total.addcmul_(centre, centre_weight)
    total[:, :, 1:].addcmul_(before[:, :, 1:], before_weight[:, :, 1:])
    total[:, :, :-1].addcmul_(after[:, :, :-1], after_weight[:, :, :-1])


class _Fuse(torch.autograd.Function):
    """:func:`_fuse` with its gradient written out, which takes a CPU far less time than autograd's."""

    @staticmethod
    def forward(ctx: Any, vectors: Tensor) -> Tensor:
        fused, *numbers = _fuse(vectors)
        ctx.save_for_backward(vectors, *numbers)
        return fused

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        """With fused = sum_j w_j v_j, w = softmax(s) and s_j = v_j.c / (|v_j| |c|), where c = v_1 is the centre."""
        vectors, norms, similarity, weights = ctx.saved_tensors
        dtype, vectors, grad = vectors.dtype, _float(vectors), grad.to(weights.dtype)
        centre = vectors[:, :, :, 1]
        along = _products(vectors, grad).masked_fill(_missing(vectors), 0.0)
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
        out[:, :, 0, 0] = out[:, :, -1, 2] = 0.0
        own_out = out[:, :, :, 1]
        _add_weighted(own_out, vectors, per_scale)
        own_out.addcmul_(shared[..., None], centre, value=-1)
        return out.to(dtype)
