"""Instances linked by where their centres were (SRNet, Sec. 3.7, Algorithm 1, lines 15 to 19)."""

import torch
from torch import Tensor

__all__ = ["greedy_link"]


def greedy_link(previous_centres: Tensor, predicted_previous: Tensor, max_distance: float) -> Tensor:
    """Link the nearest pair first, then the nearest of what is left, and so on.

    Args:
        previous_centres: (A,2) of the last frame's instances.
        predicted_previous: (D,2) where each instance of this frame says that it was.
        max_distance: a pair further apart is not linked.

    Returns:
        (D,) int64, the last frame's instance, or -1 for a new one.
    """
    links = torch.full((len(predicted_previous),), -1, dtype=torch.int64, device=predicted_previous.device)
    distances = torch.cdist(previous_centres.double(), predicted_previous.double()).flatten()
    distances, order = distances.sort(stable=True)
    near = order[(distances <= max_distance) & distances.isfinite()].tolist()
    taken, linked = set[int](), dict[int, int]()
    for pair in near:
        before, now = divmod(pair, len(predicted_previous))
        if before not in taken and now not in linked:
            taken.add(before)
            linked[now] = before
    for now, before in linked.items():
        links[now] = before
    return links
