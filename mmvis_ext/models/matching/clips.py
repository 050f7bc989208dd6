"""Matching of a batch of clips, given the matches of the clips before them (EfficientVIS, Sec. 3.2 and 3.3)."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from mmvis_ext.models.mask.paste import mask_on_grid
from mmvis_ext.models.query.stage import StageOutput
from mmvis_ext.structures.tracklets import Tracklets

from .tracklet_assigner import TrackletAssigner

__all__ = ["GRID_STRIDE", "Matches", "match_clips"]

GRID_STRIDE = 4  # masks are compared on a grid of points with this distance in pixels


class Matches(NamedTuple):
    """P matched pairs of one clip or frame: indices (P,) int64 of the queries and of the ground truths."""

    queries: Tensor
    targets: Tensor


@torch.no_grad()
def match_clips(
    assigner: TrackletAssigner, output: StageOutput, masks: Tensor, targets: Sequence[Tracklets], sizes: Tensor,
    inherited: Sequence[Matches | None],
) -> list[Matches]:  # fmt: skip
    """Match the output of one iteration to the ground truth, for each clip of a batch.

    Pairs inherited from the clip before are kept; a ground truth that is new in this clip is matched among the queries
    that are still free.

    Args:
        assigner: matches queries with ground truths one to one.
        output: the iteration's output.
        masks: (B,N,T,s,s) mask probabilities of all queries, each on an s x s grid inside its proposal.
        targets: for each of B clips, its ground truth.
        sizes: (B,2) height and width in pixels without padding, to normalise boxes.
        inherited: for each of B clips, the matches of the clip before; ``None`` in a first clip.
    """
    return [
        _match(assigner, output, masks[b], b, truth, size, before)
        for b, (truth, size, before) in enumerate(zip(targets, sizes.tolist(), inherited, strict=True))
    ]


def _match(
    assigner: TrackletAssigner, output: StageOutput, masks: Tensor, b: int, targets: Tracklets, size: Sequence[float],
    inherited: Matches | None,
) -> Matches:  # fmt: skip
    queries, known = inherited or (targets.labels[:0], targets.labels[:0])
    new = targets.visible.any(1)
    new[known] = False
    new = new.nonzero().squeeze(1)
    free = torch.ones(output.boxes.shape[1], dtype=torch.bool, device=new.device)
    free[queries] = False
    free = free.nonzero().squeeze(1)
    if len(new) and len(free):
        grid_masks = _grid_masks(targets)
        (height, width), (h, w) = targets.masks.shape[-2:], grid_masks.shape[-2:]
        on_grid = mask_on_grid(
            masks[free].flatten(0, 1), output.proposals[b, free].flatten(0, 1), (height, width), (h, w)
        ).unflatten(0, (len(free), -1))
        scores = output.class_logits[b, free].sigmoid()
        rows, columns = assigner(
            scores, output.boxes[b, free], on_grid, targets[new], grid_masks[new], (size[0], size[1])
        )
        queries, known = torch.cat([queries, free[rows]]), torch.cat([known, new[columns]])
    return Matches(queries, known)


def _grid_masks(targets: Tracklets) -> Tensor:
    """Ground-truth masks on the grid: (G,T,h,w), the share of each grid cell that the mask covers."""
    masks = targets.masks.flatten(0, 1)[:, None].float()
    return F.avg_pool2d(masks, GRID_STRIDE, ceil_mode=True)[:, 0].unflatten(0, targets.visible.shape)
