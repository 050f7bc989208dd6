"""Which queries to take from a detector that has more of them than the model."""

import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy, bbox_overlaps
from torch import Tensor

__all__ = ["spread_queries"]

CENTRES = 8  # of the places below, along each axis
SIDES = (0.125, 0.25, 0.5, 0.75, 1.0)  # of the places below, as fractions of the frame's


def spread_queries(proposals: Tensor, number: int) -> Tensor:
    """Choose queries whose proposals reach as much as possible of what a frame can show.

    What a frame can show are boxes of five widths and five heights around the points of a grid. One query after the
    other is chosen: the one with which these places overlap most with the nearest chosen proposal, on average.

    Args:
        proposals: (n,4) normalised cxcywh.
        number: N, the number of queries to choose, at most n.

    Returns:
        (N,) int64 indices in ascending order; which query is the first has no meaning.
    """
    overlaps = bbox_overlaps(bbox_cxcywh_to_xyxy(proposals.float()), bbox_cxcywh_to_xyxy(_places()))
    reached, chosen = torch.zeros(overlaps.shape[1]), list[int]()
    for _ in range(number):
        gains = torch.maximum(overlaps, reached).mean(1)
        gains[chosen] = -1.0
        chosen.append(int(gains.argmax()))
        reached = torch.maximum(reached, overlaps[chosen[-1]])
    return torch.tensor(sorted(chosen), dtype=torch.int64)


def _places() -> Tensor:
    """(P,4) boxes in normalised cxcywh, which may reach outside the frame."""
    centres = (torch.arange(CENTRES) + 0.5) / CENTRES
    sides = torch.tensor(SIDES)
    return torch.cartesian_prod(centres, centres, sides, sides)
