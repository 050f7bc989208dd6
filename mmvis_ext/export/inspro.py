"""InsPro and InsPro-lite as exported steps: a frame, from the propagated queries and proposals to the next ones."""

import torch
from mmdet.models.utils import aligned_bilinear
from torch import Tensor

from mmvis_ext.models import InsPro, InsProLite
from mmvis_ext.models.inspro.instance_model import FrameOutput
from mmvis_ext.models.query import FeatureBank, Propagated

from .steps import ExportedStep, Tensors, best_slots

__all__ = ["InsProBetweenStep", "InsProStep"]


class InsProStep(ExportedStep):
    """One frame; see :class:`ExportedStep` for the arguments."""

    model: InsPro

    def __init__(self, model: InsPro, size: tuple[int, int], objects: int) -> None:
        super().__init__(model, size, objects)
        if model.head.mask_branch is None:
            self.outputs = tuple(name for name in self.outputs if name != "masks")
        with torch.no_grad():
            start = _named(model.head.start(self.sizes))
        zeros = {name: torch.zeros_like(value, memory_format=torch.contiguous_format) for name, value in start.items()}
        self.state = {"steps": torch.zeros((), dtype=torch.int64), **zeros}

    def look(self, frames: Tensor, state: Tensors) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        first = state["steps"] == 0
        start = _named(self.model.head.start(self.sizes))
        carried = {name: torch.where(first, new, state[name]) for name, new in start.items()}
        result, after = self.network(frames, _propagated(carried))
        return self._found(result), _named(after)

    def network(self, frames: Tensor, carried: Propagated) -> tuple[FrameOutput, Propagated]:
        """The network of one frame, (1,3,H',W') normalised and padded, from what it starts from."""
        return self.model.forward_window(frames, self.sizes, carried)

    def _found(self, result: FrameOutput) -> dict[str, Tensor]:
        chosen = best_slots(result.scores, self.objects)
        scores = result.scores[chosen, None]
        found = dict(
            track_ids=chosen,
            scores=scores,
            boxes=self.clipped(result.boxes[chosen, None]),
            visible=scores.amax(-1) >= self.model.visible_thr,
        )
        if result.masks is not None:
            soft = self.model.head.segment(result.masks, [chosen]).sigmoid()
            soft = aligned_bilinear(soft[:, None], self.model.head.mask_stride)
            found["masks"] = soft[..., : self.size[0], : self.size[1]]
        return found


class InsProBetweenStep(InsProStep):
    """A frame between two key frames of InsPro-lite; an :class:`InsProStep` is its key frame."""

    model: InsProLite

    def network(self, frames: Tensor, carried: Propagated) -> tuple[FrameOutput, Propagated]:
        return self.model.forward_window(frames, self.sizes, carried, key=False)


def _named(carried: Propagated) -> dict[str, Tensor]:
    """The tensors of what is propagated, by name."""
    named = dict(queries=carried.queries, boxes=carried.boxes)
    return named if carried.bank is None else named | carried.bank._asdict()


def _propagated(named: Tensors) -> Propagated:
    """The inverse of :func:`_named`."""
    bank = FeatureBank(named["features"], named["filled"]) if "features" in named else None
    return Propagated(named["queries"], named["boxes"], bank)
