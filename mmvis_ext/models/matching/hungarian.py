"""The cheapest one-to-one assignment."""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

__all__ = ["cheapest_pairs"]


def cheapest_pairs(cost: Tensor) -> tuple[Tensor, Tensor]:
    """The Hungarian algorithm.

    Args:
        cost: (N,G).

    Returns:
        Rows and columns of the P = min(N,G) pairs, (P,) int64 each, in order of the rows.
    """
    # if the model has diverged, go on without failing here: FiniteLossHook reports the loss with the videos
    cost = torch.nan_to_num(cost, nan=1e6, posinf=1e6, neginf=-1e6)
    rows, columns = linear_sum_assignment(cost.cpu().numpy())
    return torch.as_tensor(rows, device=cost.device), torch.as_tensor(columns, device=cost.device)
