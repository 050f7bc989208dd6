"""Temporally consistent matching (InsPro, Sec. 3.3): a ground truth keeps its slot for as long as the sample lasts."""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from .instance_cost import InstanceCost

__all__ = ["TemporalMatcher"]


class TemporalMatcher:
    """Matches the frames of one sample one after the other and remembers which slot belongs to whom.

    In the first frame that shows them, ground truths are matched by the Hungarian algorithm. One that was matched keeps
    its slot; one that disappears leaves it reserved, and comes back to it. A newcomer is matched among slots that no
    ground truth has used so far; where none is left it stays unmatched.

    Args:
        cost: of (slot, ground truth) pairs.
        num_queries: N.
        consistent: ``False`` matches every frame on its own (Table 2a, row B).
    """

    def __init__(self, cost: InstanceCost, num_queries: int, consistent: bool = True) -> None:
        self.cost, self.consistent = cost, consistent
        self.slots: dict[int, int] = {}
        self.num_queries = num_queries

    @torch.no_grad()
    def match(
        self, class_logits: Tensor, boxes: Tensor, gt_labels: Tensor, gt_boxes: Tensor, gt_ids: Tensor,
        size: tuple[float, float], remember: bool = True,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Match the next frame.

        Args:
            class_logits: (N,K).
            boxes: (N,4) xyxy pixels.
            gt_labels: (G,) int64, of the objects that the frame shows.
            gt_boxes: (G,4) xyxy pixels.
            gt_ids: (G,) int64 track ids, by which objects are known from frame to frame.
            size: (H, W) in pixels, to normalise boxes.
            remember: ``False`` asks without binding newcomers, for the outputs of earlier stages.

        Returns:
            slot and ground-truth indices of the matched pairs, (P,) int64 each.
        """
        slots = self.slots if self.consistent else {}
        ids = gt_ids.tolist()
        known = [g for g, track in enumerate(ids) if track in slots]
        new = [g for g, track in enumerate(ids) if track not in slots]
        taken = set(slots.values())
        free = [n for n in range(self.num_queries) if n not in taken]
        pairs = [(slots[ids[g]], g) for g in known]
        if new and free:
            cost = self.cost(class_logits[free], boxes[free], gt_labels[new], gt_boxes[new], size)
            # a diverged model must reach the loss, where it is reported with the video, and not fail here
            cost = torch.nan_to_num(cost, nan=1e6, posinf=1e6, neginf=-1e6).cpu()
            pairs += [(free[row], new[column]) for row, column in zip(*linear_sum_assignment(cost), strict=True)]
        if self.consistent and remember:
            self.slots.update({ids[g]: slot for slot, g in pairs})
        matched = torch.tensor(sorted(pairs), dtype=torch.int64, device=boxes.device).view(-1, 2)
        return matched[:, 0], matched[:, 1]
