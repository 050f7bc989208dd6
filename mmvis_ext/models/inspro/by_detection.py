"""Tracking by detection with InsPro's segmentation model, the comparison of InsPro's Table 2d."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from mmdet.structures import TrackDataSample
from mmdet.structures.bbox import bbox2roi
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from torch import Tensor

from mmvis_ext.models.association import FoundObjects, TrackingState, link_detections
from mmvis_ext.models.baselines.masktrack_rcnn import frame_pair
from mmvis_ext.models.query import Propagated, as_pyramid
from mmvis_ext.models.query.cascade import near_frame
from mmvis_ext.models.training_batch import TrainingBatch, mean_over
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections

from .instance_model import FrameOutput, InstanceModel, frame_output

__all__ = ["InsProByDetection"]


@MODELS.register_module()
class InsProByDetection(InstanceModel[TrackingState]):
    """Segments every frame by itself and links its detections as MaskTrack R-CNN does.

    Nothing is propagated: every frame starts from the learned queries. A query whose best class score is at least
    ``visible_thr`` is a detection.

    Args:
        track_head: config of mmdet's ``RoITrackHead``.
        tracker: config of mmdet's ``MaskTrackRCNNTracker``.
        kwargs: see :class:`InstanceModel`; its head needs ``propagate="none"`` and ``bank_length=1``.

    Raises:
        ValueError: the head propagates, or has a feature bank.
    """

    def __init__(self, track_head: dict, tracker: dict, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.head.propagate != "none" or self.head.bank_length > 1:
            raise ValueError(
                'Tracking by detection propagates nothing; set the head\'s propagate="none", bank_length=1.'
            )
        with DefaultScope.overwrite_default_scope("mmdet"):  # in mmdet's configs, types have no "mmdet." in front
            self.track_head = MODELS.build(track_head)
            self.tracker = MODELS.build(tracker)

    # training

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """InsPro's losses of every stage, averaged over the frames, and mmdet's tracking loss.

        The tracking loss compares boxes of a sample's last frame with the true boxes of its first frame, as mmdet does
        in MaskTrack R-CNN. The last frame's boxes are the true ones and those of the last stage that overlap an object
        with an IoU of at least 0.5.

        Args:
            inputs: (B,T,3,H,W), frames of one video each, in time order.
            data_samples: B samples with per-frame ground truth.

        Returns:
            InsPro's loss terms, ``loss_match``, and ``match_accuracy`` in percent.
        """
        batch = TrainingBatch.of(self.extract_features(inputs.flatten(0, 1)), inputs, data_samples)
        matchers, start = self.new_matchers(len(batch)), self.head.start(batch.sizes)
        terms = []
        for t, mask_features in enumerate(self.mask_features(batch)):
            features = batch.features(t, t + 1)
            outputs = self.head(features, batch.sizes, start)
            terms.append(self.frame_losses(mask_features, outputs, batch.truth(t, t + 1), batch.sizes, matchers))
        boxes = near_frame(outputs[-1].boxes.detach(), batch.sizes)[:, :, 0]
        return mean_over(terms) | self.track_losses(features, batch.features(0, 1), boxes, data_samples)

    def track_losses(
        self, features: Sequence[Tensor], earlier: Sequence[Tensor], boxes: Tensor,
        data_samples: Sequence[TrackDataSample],
    ) -> dict[str, Tensor]:  # fmt: skip
        """mmdet's ``loss_match`` and ``match_accuracy``.

        Args:
            features: pyramid levels of the samples' last frames, (B,C,h,w) each.
            earlier: pyramid levels of their first frames.
            boxes: (B,N,4) xyxy pixels, the boxes predicted in the last frames.
            data_samples: B samples with per-frame ground truth.
        """
        found = [InstanceData(priors=each) for each in boxes]
        pairs = [frame_pair(sample, key=len(sample) - 1, reference=0) for sample in data_samples]
        with torch.autocast(boxes.device.type, enabled=False):
            terms = self.track_head.loss(features, earlier, found, pairs)
        return {name: torch.as_tensor(value).mean() for name, value in terms.items()}

    # inference

    def init_state(self, geometry: FrameGeometry) -> TrackingState:
        return TrackingState(geometry)

    def forward_window(self, frames: Tensor, sizes: Tensor, carried: Propagated) -> tuple[FrameOutput, Propagated]:
        """See :meth:`VideoModel.forward_window`.

        Args:
            frames: (1,3,H,W) normalised and padded.
            sizes: (1,2) height and width in pixels without padding.
            carried: the learned queries and proposals, from which every frame starts.

        Returns:
            Predictions of the last stage with the RoI features of its boxes, (N,C,S,S), and ``carried`` unchanged.
        """
        features = as_pyramid(self.extract_features(frames))
        (output,) = self.head(features, sizes, carried, last_only=True)
        rois = bbox2roi([near_frame(output.boxes, sizes)[0, :, 0]])
        crops = self.track_head.roi_extractor(features, rois)
        return frame_output(output, self.mask_inputs(features, output))._replace(crops=crops), carried

    @torch.no_grad()
    def step(self, frames: Tensor, state: TrackingState) -> tuple[Detections, TrackingState]:
        """One frame, (1,3,H,W); see :meth:`VideoModel.step`."""
        sizes = self.window_sizes(state.geometry)
        result, _ = self.forward_window(frames, sizes, self.head.start(sizes))
        best, labels = result.scores.max(dim=-1)
        shown = (best >= self.visible_thr).nonzero().squeeze(1)
        ids, memory = list[int](), state.memory
        if len(shown) and result.crops is not None:
            found = FoundObjects(result.boxes[shown], labels[shown], best[shown], result.crops[shown])
            ids, memory = link_detections(self.track_head, self.tracker, memory, found, state.frame)
        kept = [i for i, track in enumerate(ids) if track >= 0]
        detections = replace(
            self.detections(result.take(shown[kept]), state.geometry), track_ids=[ids[i] for i in kept]
        )
        return detections, replace(state, memory=memory, frame=state.frame + 1)
