"""EfficientVIS as an exported step: a clip, from the slots before it to the slots after it."""

import torch
from torch import Tensor

from mmvis_ext.models import EfficientVIS
from mmvis_ext.models.association import Slots
from mmvis_ext.utils.errors import InputError

from .pasting import paste
from .steps import ExportedStep, Tensors, best_slots

__all__ = ["EfficientVISStep"]


class EfficientVISStep(ExportedStep):
    """One clip; see :class:`ExportedStep` for the arguments.

    Raises:
        InputError: the model links its tracklets by hand, which is no work for a network.
    """

    model: EfficientVIS

    def __init__(self, model: EfficientVIS, size: tuple[int, int], objects: int) -> None:
        super().__init__(model, size, objects)
        if model.linker is not None:
            raise InputError("an EfficientVIS with a linker cannot be exported; set model.linker=None.")
        fresh = Slots.fresh(model.head.initial.queries.detach())
        zeros = {name: torch.zeros_like(value) for name, value in fresh._asdict().items()}
        self.state = {"steps": torch.zeros((), dtype=torch.int64), **zeros}

    def look(self, frames: Tensor, state: Tensors) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        first = state["steps"] == 0
        fresh = Slots.fresh(self.model.head.initial.queries)
        slots = Slots(*(torch.where(first, new, state[name]) for name, new in fresh._asdict().items()))
        result, after = self.model.forward_window(frames, self.sizes, slots)
        chosen = best_slots(result.scores, self.objects)
        scores = result.scores[chosen]
        found = dict(
            track_ids=slots.track_ids[chosen],
            scores=scores,
            boxes=self.clipped(result.boxes[chosen]),
            visible=scores.amax(-1) >= self.model.visible_thr,
            masks=paste(result.masks[chosen], result.proposals[chosen], self.size),
        )
        return found, after._asdict()
