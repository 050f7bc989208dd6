"""Greedy linking of instances to those of the last frame (SRNet, Sec. 3.7, Algorithm 1, lines 15 to 19)."""

import torch
from torch import Tensor

__all__ = ["greedy_link"]


def greedy_link(previous_centres: Tensor, predicted_previous: Tensor, max_distance: float) -> Tensor:
    """Link the nearest pair first, then the nearest pair of those still unlinked, and so on.

    Args:
        previous_centres: (A,2) centres of the last frame's instances.
        predicted_previous: (D,2) predicted position in the last frame of each instance of this frame.
        max_distance: pairs that are further apart are not linked.

    Returns:
        (D,) int64, the index of the linked instance in the last frame, or -1 for a new instance.
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
