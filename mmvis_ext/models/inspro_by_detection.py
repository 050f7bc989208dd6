"""Tracking by detection with InsPro's segmentation model: what propagation is compared with (InsPro, Table 2d)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from mmdet.structures import TrackDataSample
from mmdet.structures.bbox import bbox2roi
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from torch import Tensor

from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracklets import Tracklets

from .association import FoundObjects, TrackingState, link_detections
from .inspro import FrameOutput, InsPro, frame_output
from .masktrack_rcnn import frame_pair
from .matching import TemporalMatcher
from .query import as_pyramid
from .query.cascade import near_frame

__all__ = ["InsProByDetection"]


@MODELS.register_module()
class InsProByDetection(InsPro):
    """Every frame starts from the learned queries; what it shows is linked as MaskTrack R-CNN links detections.

    A query whose best class score reaches ``visible_thr`` is a detection.

    Args:
        track_head: mmdet's config of ``RoITrackHead``.
        tracker: mmdet's config of ``MaskTrackRCNNTracker``.
        kwargs: of :class:`InsPro`; its head needs ``propagate="none"`` and ``bank_length=1``.

    Raises:
        ValueError: the head propagates, or has a feature bank.
    """

    def __init__(self, track_head: dict, tracker: dict, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.head.propagate != "none" or self.head.bank_length > 1:
            raise ValueError(
                'Tracking by detection propagates nothing; set the head\'s propagate="none", bank_length=1.'
            )
        with DefaultScope.overwrite_default_scope("mmdet"):  # its configs name each other's types without it
            self.track_head = MODELS.build(track_head)
            self.tracker = MODELS.build(tracker)

    # training

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """InsPro's losses of every stage, averaged over the frames, and mmdet's loss of tracking.

        For tracking, the last frame of a sample is compared with its first: the last stage's boxes that overlap an
        object by half, and the true boxes, with the true boxes of the first frame, as mmdet trains MaskTrack R-CNN.

        Args:
            inputs: (B,T,3,H,W), frames of one video each, in time order.
            data_samples: B, with per-frame ground truth.

        Returns:
            InsPro's terms, ``loss_match``, and ``match_accuracy`` in percent.
        """
        b, length, _, height, width = inputs.shape
        levels = [f.unflatten(0, (b, length)) for f in self.extract_features(inputs.flatten(0, 1))]
        targets = [Tracklets.from_frames(s, (height, width), inputs.device) for s in data_samples]
        sizes = inputs.new_tensor([s[0].metainfo["img_shape"][:2] for s in data_samples])
        matchers = [TemporalMatcher(self.cost, self.head.num_queries, self.consistent) for _ in range(b)]
        start = self.head.start(sizes)
        losses: dict[str, Tensor] = {}
        for t in range(length):
            features = as_pyramid(f[:, t] for f in levels)
            outputs = self.head(features, sizes, start)
            frame = [g.frames(t, t + 1) for g in targets]
            for name, value in self.frame_losses(features, outputs, frame, sizes, matchers).items():
                losses[name] = losses.get(name, 0) + value / length
        boxes = near_frame(outputs[-1].boxes.detach(), sizes)[:, :, 0]
        return losses | self.track_losses(features, as_pyramid(f[:, 0] for f in levels), boxes, data_samples)

    def track_losses(
        self, features: Sequence[Tensor], earlier: Sequence[Tensor], boxes: Tensor,
        data_samples: Sequence[TrackDataSample],
    ) -> dict[str, Tensor]:  # fmt: skip
        """mmdet's ``loss_match`` and ``match_accuracy``.

        Args:
            features: pyramid levels of the samples' last frames, (B,C,h,w) each.
            earlier: of their first frames.
            boxes: (B,N,4) xyxy pixels, what was found in the last frames.
            data_samples: B, with per-frame ground truth.
        """
        found = [InstanceData(priors=each) for each in boxes]
        pairs = [frame_pair(sample, key=len(sample) - 1, reference=0) for sample in data_samples]
        with torch.autocast(boxes.device.type, enabled=False):
            terms = self.track_head.loss(features, earlier, found, pairs)
        return {name: torch.as_tensor(value).mean() for name, value in terms.items()}

    # inference

    def init_state(self, geometry: FrameGeometry) -> Any:
        return TrackingState(geometry)

    def forward_window(self, frames: Tensor, sizes: Tensor, carried: Any = None) -> tuple[FrameOutput, Any]:
        """The tensor part of a step, as InsPro's.

        Args:
            frames: (1,3,H,W) normalised and padded.
            sizes: (1,2) height and width in pixels without padding.
            carried: nothing is.

        Returns:
            What the last stage says, and (N,C,S,S) RoI features of its boxes, by which it is linked.
        """
        features = as_pyramid(self.extract_features(frames))
        (output,) = self.head(features, sizes, self.head.start(sizes), last_only=True)
        mask_features = self.head.mask_features(features)
        masks = None if mask_features is None else self.head.mask_inputs(mask_features, output)
        rois = bbox2roi([near_frame(output.boxes, sizes)[0, :, 0]])
        extractor = self.track_head.roi_extractor
        return frame_output(output, masks), extractor(features, rois)

    @torch.no_grad()
    def step(self, frames: Tensor, state: Any) -> tuple[Detections, Any]:
        """One frame, (1,3,H,W); see :meth:`VideoModel.step`. The state is a :class:`TrackingState`."""
        result, crops = self.forward_window(frames, self._sizes(state.geometry))
        best, labels = result.scores.max(dim=-1)
        shown = (best >= self.visible_thr).nonzero().squeeze(1)
        ids, memory = list[int](), state.memory
        if len(shown):
            found = FoundObjects(result.boxes[shown], labels[shown], best[shown], crops[shown])
            ids, memory = link_detections(self.track_head, self.tracker, memory, found, state.frame)
        kept = [i for i, track in enumerate(ids) if track >= 0]
        detections = replace(
            self.detections(result.take(shown[kept]), state.geometry), track_ids=[ids[i] for i in kept]
        )
        return detections, replace(state, memory=memory, frame=state.frame + 1)
