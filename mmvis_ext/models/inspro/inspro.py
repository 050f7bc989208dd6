"""InsPro: Propagating Instance Query and Proposal for Online Video Instance Segmentation (NeurIPS 2022)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from mmdet.structures import TrackDataSample
from torch import Tensor

from mmvis_ext.models.query import Propagated
from mmvis_ext.models.training_batch import TrainingBatch, mean_over
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections

from .instance_model import FrameOutput, InstanceModel
from .slot_pruning import SlotPruning, among_all

__all__ = ["InsPro", "InsProState"]


@dataclass(frozen=True)
class InsProState:
    """State after a frame.

    Attributes:
        geometry: original and resized size of the video's frames.
        carried: queries, proposals and feature bank that the next frame starts from.
        frame: number of the next frame in the video, from 0.
        empty: for each of the N slots, for how many frames in a row it has not been visible.
    """

    geometry: FrameGeometry
    carried: Propagated
    frame: int
    empty: tuple[int, ...]


@MODELS.register_module()
class InsPro(InstanceModel[InsProState]):
    """Online VIS: each slot passes its query and proposal on to the same slot in the next frame, so a slot is a track.

    Args:
        prune: arguments of :class:`SlotPruning`, by which frames at test leave out slots that have long been empty;
            ``None`` is the paper's method, where all run in every frame.
        kwargs: see :class:`InstanceModel`.

    Raises:
        ValueError: ``prune`` is given, and the head does not propagate both queries and proposals.
    """

    def __init__(self, prune: dict | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if prune is not None and self.head.propagate != "both":
            raise ValueError(f'prune needs slots that live on, so propagate="both" and not "{self.head.propagate}".')
        self.prune = SlotPruning(**prune) if prune is not None else None
        self.period = 1 if self.prune is None else self.prune.every

    @property
    def slots(self) -> int:
        """N, the number of queries."""
        return self.head.num_queries

    # training

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """Losses of every stage, averaged over the frames of a sample (Sec. 3.4).

        Args:
            inputs: (B,T,3,H,W), frames of one video each, in time order.
            data_samples: B samples with per-frame ground truth.
        """
        batch = TrainingBatch.of(self.extract_features(inputs.flatten(0, 1)), inputs, data_samples)
        matchers, carried = self.new_matchers(len(batch)), self.head.start(batch.sizes)
        terms = []
        for t, mask_features in enumerate(self.mask_features(batch)):
            outputs = self.head(batch.features(t, t + 1), batch.sizes, carried)
            terms.append(self.frame_losses(mask_features, outputs, batch.truth(t, t + 1), batch.sizes, matchers))
            carried = self.head.carry(outputs[-1], carried, batch.sizes)
        return mean_over(terms)

    # inference

    def init_state(self, geometry: FrameGeometry) -> InsProState:
        """State before the first frame: N slots with the learned queries q_init (N,C) and proposals p_init (N,4)."""
        with torch.no_grad():
            return InsProState(geometry, self.head.start(self.window_sizes(geometry)), 0, (0,) * self.slots)

    @torch.no_grad()
    def step(self, frames: Tensor, state: InsProState) -> tuple[Detections, InsProState]:
        """One frame, (1,3,H,W); see :meth:`VideoModel.step`."""
        left = range(self.slots) if self.prune is None else self.prune.running(state.frame, state.empty)
        if len(left) == self.slots:
            result, carried = self.run_network(frames, state, state.carried)
            detections = self.detections(result, state.geometry)
        else:
            detections, carried = self._step_of_some(frames, state, torch.tensor(left, dtype=torch.int64))
        visible = detections.visible[:, 0].tolist()
        empty = tuple(0 if seen else before + 1 for seen, before in zip(visible, state.empty, strict=True))
        return detections, InsProState(state.geometry, carried, state.frame + 1, empty)

    def _step_of_some(self, frames: Tensor, state: InsProState, slots: Tensor) -> tuple[Detections, Propagated]:
        """A frame in which only the slots with indices (n,) run; if there are none, nobody looks at the frame."""
        carried, found = state.carried, None
        if len(slots):
            places = slots.to(carried.boxes.device)
            result, part = self.run_network(frames, state, carried.take(places))
            carried, found = carried.put(places, part), self.detections(result, state.geometry)
        boxes = state.geometry.to_original(state.carried.boxes[0]).cpu().numpy()
        masks = self.head.mask_branch is not None
        return among_all(found, slots.tolist(), boxes, self.num_classes, masks), carried

    def run_network(self, frames: Tensor, state: InsProState, carried: Propagated) -> tuple[FrameOutput, Propagated]:
        """The tensor part of a step, see :meth:`forward_window`.

        Args:
            frames: (1,3,H,W) normalised and padded.
            state: state before the frame.
            carried: what the n slots start from that run, all of the state's or some of them.

        Returns:
            Predictions of the n slots, and what they start from in the next frame.
        """
        return self.forward_window(frames, self.window_sizes(state.geometry), carried)
