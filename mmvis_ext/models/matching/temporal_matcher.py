"""Temporally consistent matching (InsPro, Sec. 3.3): a ground truth keeps its slot in all frames of a sample."""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from .instance_cost import InstanceCost

__all__ = ["TemporalMatcher"]


class TemporalMatcher:
    """Matches the frames of one sample in time order and remembers the slot of each ground truth.

    A ground truth is matched by the Hungarian algorithm in the first frame in which it is visible, among the slots that
    no other ground truth has used so far; if there is none left, it stays unmatched. From then on it keeps its slot.
    While it is out of sight the slot stays reserved for it.

    Args:
        cost: computes the cost of each (slot, ground truth) pair.
        num_queries: N, the number of slots.
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
            gt_labels: (G,) int64 labels of the objects that are visible in the frame.
            gt_boxes: (G,4) xyxy pixels.
            gt_ids: (G,) int64 track ids, which identify objects from frame to frame.
            size: (H, W) in pixels, to normalise boxes.
            remember: ``False`` does not record the slots of new objects; for the outputs of all stages but the last.

        Returns:
            Slot and ground-truth indices of the matched pairs, (P,) int64 each.
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
            # if the model has diverged, go on without failing here: FiniteLossHook reports the loss with the videos
            cost = torch.nan_to_num(cost, nan=1e6, posinf=1e6, neginf=-1e6).cpu()
            pairs += [(free[row], new[column]) for row, column in zip(*linear_sum_assignment(cost), strict=True)]
        if self.consistent and remember:
            self.slots.update({ids[g]: slot for slot, g in pairs})
        matched = torch.tensor(sorted(pairs), dtype=torch.int64, device=boxes.device).view(-1, 2)
        return matched[:, 0], matched[:, 1]
