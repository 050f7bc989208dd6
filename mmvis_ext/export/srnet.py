"""SRNet as an exported step: a frame, from the last frame's features and instances to this one's."""

import torch
from torch import Tensor

from mmvis_ext.models import SRNet
from mmvis_ext.models.dense import class_scores
from mmvis_ext.models.dense.grid import mask_extents, mass_centres, read_at, resize
from mmvis_ext.models.srnet import FINEST_STRIDE, LastFrame

from .instances import boxes_around, draw_places, find_places, link_places
from .steps import ExportedStep, Tensors

__all__ = ["SRNetStep"]


class SRNetStep(ExportedStep):
    """One frame. Each instance has one of M places, in the order in which they are found; a place may stay empty.

    Args:
        model: the model, in test mode.
        size: (H, W) of the frames in pixels.
        objects: M, how many seeds are tried at most.
    """

    model: SRNet

    def __init__(self, model: SRNet, size: tuple[int, int], objects: int) -> None:
        super().__init__(model, size, min(objects, model.clustering["max_instances"]))
        if model.head.num_classes is not None:
            self.outputs = (*self.outputs, "objectness")
        m = self.objects
        with torch.no_grad():
            coarsest = model.extract_features(self.prepare(torch.zeros(1, *size, 3, dtype=torch.uint8)))[-1]
        self.state = dict(
            steps=torch.zeros((), dtype=torch.int64),
            coarsest=torch.zeros_like(coarsest, memory_format=torch.contiguous_format),
            centres=torch.zeros(m, 2),
            extents=torch.zeros(m, 2),
            track_ids=torch.zeros(m, dtype=torch.int64),
            taken=torch.zeros(m, dtype=torch.bool),
            next_id=torch.zeros((), dtype=torch.int64),
        )

    def look(self, frames: Tensor, state: Tensors) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        model, padded = self.model, (frames.shape[-2], frames.shape[-1])
        h, w = (-(-side // FINEST_STRIDE) for side in padded)
        heatmap = frames.new_zeros(h, w)
        if model.heatmap:
            heatmap = draw_places(state["centres"], state["extents"], state["taken"], (h, w))
        # a video's first frame is its own predecessor, so that features of before are replaced by its own
        features = model.extract_features(frames)
        before = torch.where(state["steps"] == 0, features[-1], state["coarsest"])
        maps = model.look(features, padded, self.sizes, LastFrame(before, heatmap[None, None])).frame(0)
        found = find_places(maps, model.head.extra_bandwidths, self.objects, model.clustering)
        centres = mass_centres(found.masks)
        at = centres if model.centre == "mass" else found.centres[:, :2]
        there = at + read_at(maps.tracking, at)
        links = link_places(state["centres"], state["taken"], there, found.taken, model.max_distance)
        fresh = found.taken & (links < 0)
        ids = torch.where(fresh, state["next_id"] + fresh.cumsum(0) - 1, state["track_ids"][links.clamp(min=0)])
        ids = torch.where(found.taken, ids, -1)
        after = dict(
            coarsest=features[-1], centres=centres, extents=mask_extents(found.masks), track_ids=ids, taken=found.taken,
            next_id=state["next_id"] + fresh.sum(),
        )  # fmt: skip
        soft = resize(found.probabilities[:, None], padded)[..., : self.size[0], : self.size[1]]
        soft = torch.where(found.taken[:, None, None, None], soft, 0.0)
        shown = soft > 0.5
        results = dict(
            track_ids=ids,
            scores=found.scores[:, None, None],
            boxes=boxes_around(shown),
            visible=shown.flatten(2).any(-1),
            masks=soft,
        )
        if maps.class_logits is not None:
            scores = class_scores(found.masks, maps.class_logits)
            results["objectness"] = found.scores[:, None]
            results["scores"] = torch.where(found.taken[:, None], scores, 0.0)[:, None]
        return results, after
