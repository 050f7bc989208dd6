"""InsPro: Propagating Instance Query and Proposal for Online Video Instance Segmentation (NeurIPS 2022)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from mmdet.structures import TrackDataSample
from torch import Tensor

from mmvis_ext.models.query import Propagated
from mmvis_ext.models.training_batch import TrainingBatch, mean_over
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections

from .instance_model import InstanceModel

__all__ = ["InsPro", "InsProState"]


@dataclass(frozen=True)
class InsProState:
    """State after a frame.

    Attributes:
        geometry: original and resized size of the video's frames.
        carried: queries, proposals and feature bank that the next frame starts from.
        frame: number of the next frame in the video, from 0.
    """

    geometry: FrameGeometry
    carried: Propagated
    frame: int = 0


@MODELS.register_module()
class InsPro(InstanceModel[InsProState]):
    """Online VIS: each slot passes its query and proposal on to the same slot in the next frame, so a slot is a track.

    Args:
        kwargs: see :class:`InstanceModel`.
    """

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
            return InsProState(geometry, self.head.start(self.window_sizes(geometry)))

    @torch.no_grad()
    def step(self, frames: Tensor, state: InsProState) -> tuple[Detections, InsProState]:
        """One frame, (1,3,H,W); see :meth:`VideoModel.step`."""
        result, carried = self.forward_window(frames, self.window_sizes(state.geometry), state.carried)
        return self.detections(result, state.geometry), replace(state, carried=carried, frame=state.frame + 1)
