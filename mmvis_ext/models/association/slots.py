"""Query slots that live from clip to clip (EfficientVIS, Sec. 3.3, "Inference")."""

from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Slots", "renew_slots"]


class Slots(NamedTuple):
    """The N slots of a video between two clips; a slot holds the initial query of one track.

    Attributes:
        queries: (N,C) initial queries of the next clip.
        idle: (N,) int64, for how many clips in a row each slot has been background.
        track_ids: (N,) int64.
        next_id: () int64, the id that the next new track gets.
    """

    queries: Tensor
    idle: Tensor
    track_ids: Tensor
    next_id: Tensor

    @classmethod
    def fresh(cls, initial: Tensor) -> "Slots":
        """Slots before the first clip of a video; ``initial`` (N,C) are the learned queries q*."""
        n = len(initial)
        ids = torch.arange(n, device=initial.device)
        return cls(initial, torch.zeros_like(ids), ids, ids.new_full((), n))


def renew_slots(
    slots: Slots, queries: Tensor, scores: Tensor, initial: Tensor, reset_after: int, reset_score: float
) -> Slots:
    """Carry the slots over to the next clip; no control flow depends on tensor values, so that this compiles.

    A slot whose best class score stayed below ``reset_score`` for ``reset_after`` clips in a row is reset to q* and
    starts a new track id (the paper leaves both numbers open).

    Args:
        slots: the slots before this clip.
        queries: (N,T,C) output queries of this clip; their mean over time is passed on.
        scores: (N,T,K) class scores of this clip.
        initial: (N,C) learned initial queries q*.
        reset_after: number of clips; 0 never resets.
        reset_score: in 0..1.
    """
    carried = queries.mean(dim=1)
    idle = torch.where(scores.amax((1, 2)) < reset_score, slots.idle + 1, 0)
    if reset_after < 1:
        return slots._replace(queries=carried, idle=idle)
    reset = idle >= reset_after
    new_ids = slots.next_id + reset.cumsum(0) - 1
    return Slots(
        queries=torch.where(reset[:, None], initial.to(carried.dtype), carried),
        idle=torch.where(reset, 0, idle),
        track_ids=torch.where(reset, new_ids, slots.track_ids),
        next_id=slots.next_id + reset.sum(),
    )
