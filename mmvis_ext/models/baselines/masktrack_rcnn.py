"""MaskTrack R-CNN (Video Instance Segmentation, ICCV 2019) as mmdet implements it, as a baseline."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from mmdet.models.detectors import TwoStageDetector
from mmdet.models.trackers import MaskTrackRCNNTracker
from mmdet.models.tracking_heads import RoITrackHead
from mmdet.structures import DetDataSample, TrackDataSample
from mmdet.structures.bbox import bbox2roi
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from torch import Tensor

from mmvis_ext.models.association import FoundObjects, TrackingState, link_detections
from mmvis_ext.models.mask import encode_visible
from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracklets import shown_instances
from mmvis_ext.utils.errors import InputError

__all__ = ["MaskTrackRCNNBaseline", "frame_pair"]


class RegionOutput(NamedTuple):
    """Outputs of the region proposal network, before any proposal is selected.

    Attributes:
        features: pyramid levels, (1,C,h,w) each.
        class_logits: objectness logits on each level, (1,A,h,w) for A anchors at each position.
        deltas: box deltas on each level, (1,4A,h,w).
    """

    features: tuple[Tensor, ...]
    class_logits: tuple[Tensor, ...]
    deltas: tuple[Tensor, ...]


@MODELS.register_module()
class MaskTrackRCNNBaseline(VideoModel[TrackingState]):
    """mmdet's ``MaskTrackRCNN`` as an online model, with the same parts, weight names and settings.

    It needs less memory: the state that is passed from frame to frame holds only how each track looked last, whereas
    mmdet's tracker stores all earlier features and masks of it. Masks are pasted and encoded one at a time, with a
    threshold of 0.5.

    Args:
        detector: config of an mmdet two-stage detector; ``test_cfg.rcnn.max_per_img`` limits detections per frame.
        track_head: config of mmdet's ``RoITrackHead``.
        tracker: config of mmdet's ``MaskTrackRCNNTracker``.
        kwargs: score_reduction, data_preprocessor, init_cfg; see :class:`VideoModel`.

    Raises:
        InputError: the detector's heads of boxes and of masks have different numbers of classes.
    """

    classifier = (
        "detector.roi_head.bbox_head.fc_cls.*",
        "detector.roi_head.bbox_head.fc_reg.*",
        "detector.roi_head.mask_head.conv_logits.*",
    )
    parts = dict(backbone=("detector.backbone.forward",), neck=("detector.neck.forward",), mask=("segment",))
    whole_precision = ("detector.roi_head.*", "track_head.*")

    def __init__(self, detector: dict, track_head: dict, tracker: dict, **kwargs: Any) -> None:
        with DefaultScope.overwrite_default_scope("mmdet"):  # in mmdet's configs, types have no "mmdet." in front
            super().__init__(window=1, **kwargs)
            self.detector: TwoStageDetector = MODELS.build(copy.deepcopy(detector))  # mmdet writes into it
            self.track_head: RoITrackHead = MODELS.build(track_head)
            self.tracker: MaskTrackRCNNTracker = MODELS.build(tracker)
        masks, boxes = self.detector.roi_head.mask_head.num_classes, self.num_classes
        if masks != boxes:
            raise InputError(
                f"MaskTrack R-CNN: detector.roi_head.bbox_head.num_classes is {boxes} and that of the mask_head beside "
                f"it {masks}; set both to the number of classes."
            )

    @property
    def num_classes(self) -> int:
        """K, the number of classes."""
        return self.detector.roi_head.bbox_head.num_classes

    def extract_features(self, frames: Tensor) -> tuple[Tensor, ...]:
        """(n,3,H,W) normalised frames -> pyramid levels (n,C,h,w)."""
        return self.detector.extract_feat(frames)

    # training

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """mmdet's detector losses on the key frame, and its tracking loss between key frame and reference frame.

        If a sample does not name these frames, its last frame is the key frame and its first frame the reference, so
        that a frame is compared with an earlier one as at test. This differs from mmdet's own ``loss`` in one point:
        mmdet passes the class labels to the region proposal network, which then takes only objects of class 0 for
        foreground.

        Args:
            inputs: (B,T,3,H,W), frames of one video each, in time order.
            data_samples: B samples with per-frame ground truth.

        Returns:
            mmdet's loss terms, and ``acc`` and ``match_accuracy`` in percent.
        """
        pairs = [frame_pair(sample) for sample in data_samples]
        keys = [pair.get_key_frames()[0] for pair in pairs]
        batch = range(len(pairs))
        features = self.extract_features(inputs[batch, [pair.key_frames_inds[0] for pair in pairs]])
        earlier = self.extract_features(inputs[batch, [pair.ref_frames_inds[0] for pair in pairs]])
        with torch.autocast(inputs.device.type, enabled=False):  # mmcv's NMS and RoIAlign take nothing but float32
            features, earlier = (tuple(level.float() for level in levels) for levels in (features, earlier))
            losses, proposals = self.detector.rpn_head.loss_and_predict(
                features,
                [one_class(key, tuple(inputs.shape[-2:])) for key in keys],
                proposal_cfg=self.detector.train_cfg.rpn_proposal,
            )
            losses.update(self.detector.roi_head.loss(features, proposals, keys))
            losses.update(self.track_head.loss(features, earlier, proposals, pairs))
        return {name: _total(value) for name, value in losses.items()}

    # inference

    def init_state(self, geometry: FrameGeometry) -> TrackingState:
        return TrackingState(geometry)

    def forward_window(self, frames: Tensor, sizes: Tensor, carried: None = None) -> tuple[RegionOutput, None]:
        """See :meth:`VideoModel.forward_window`.

        It ends before the proposals' non-maximum suppression, whose result has no static shape.

        Args:
            frames: (1,3,H,W) normalised and padded.
            sizes: (1,2) height and width in pixels without padding; not used here.
            carried: not used.
        """
        features = self.extract_features(frames)
        class_logits, deltas = self.detector.rpn_head(features)
        return RegionOutput(features, tuple(class_logits), tuple(deltas)), None

    @torch.no_grad()
    def step(self, frames: Tensor, state: TrackingState) -> tuple[Detections, TrackingState]:
        """One frame, (1,3,H,W); see :meth:`VideoModel.step`. A detection's scores are zero except for its own class."""
        output, _ = self.forward_window(frames, self.window_sizes(state.geometry))
        with torch.autocast(frames.device.type, enabled=False):  # mmcv's NMS takes nothing but float32
            return self._link(RegionOutput(*(tuple(level.float() for level in part) for part in output)), state)

    def _link(self, output: RegionOutput, state: TrackingState) -> tuple[Detections, TrackingState]:
        """Detect, link to the known tracks and segment."""
        features, memory = output.features, state.memory
        found = self.detect(output, state.geometry)
        ids: list[int] = []
        if len(found.boxes):
            ids, memory = link_detections(self.track_head, self.tracker, memory, found, state.frame)
        kept = [i for i, track in enumerate(ids) if track >= 0]
        boxes, labels = found.boxes[kept], found.labels[kept]
        geometry, visible = state.geometry, torch.ones(len(kept), 1, dtype=torch.bool)
        scores = np.zeros((len(kept), 1, self.num_classes), dtype=np.float32)
        scores[range(len(kept)), 0, labels.cpu().numpy()] = found.scores[kept].float().cpu().numpy()
        original = geometry.to_original(boxes)[:, None]
        masks = self.segment(features, boxes, labels)[:, None]
        detections = Detections(
            track_ids=[ids[i] for i in kept],
            scores=scores,
            boxes=original.cpu().numpy(),
            masks=encode_visible(masks, original, visible, geometry.original),
            visible=visible.numpy(),
        )
        return detections, replace(state, memory=memory, frame=state.frame + 1)

    def detect(self, output: RegionOutput, geometry: FrameGeometry) -> FoundObjects:
        """mmdet's detections of one frame, with the RoI features that they are linked by.

        Args:
            output: the outputs of the region proposal network, with the pyramid levels (1,C,h,w).
            geometry: original and resized size of the frame.
        """
        meta, head = dict(img_shape=geometry.resized), self.detector.roi_head
        proposals = self.detector.rpn_head.predict_by_feat(
            output.class_logits, output.deltas, batch_img_metas=[meta], rescale=False
        )
        (found,) = head.predict_bbox(output.features, [meta], proposals, head.test_cfg)
        crops, _ = self.track_head.extract_roi_feats(output.features, [found.bboxes])
        return FoundObjects(found.bboxes, found.labels, found.scores, crops)

    def segment(self, features: Sequence[Tensor], boxes: Tensor, labels: Tensor) -> Tensor:
        """Mask probabilities (N,s,s), each on a grid inside its box.

        Args:
            features: pyramid levels, (1,C,h,w) each.
            boxes: (N,4) xyxy pixels of the network's input.
            labels: (N,) int64, the class whose mask is taken for each box.
        """
        logits = self.detector.roi_head._mask_forward(features, bbox2roi([boxes]))["mask_preds"]
        if self.detector.roi_head.mask_head.class_agnostic:
            labels = torch.zeros_like(labels)
        return logits[torch.arange(len(labels), device=labels.device), labels].sigmoid()


def _total(value: Tensor | list[Tensor]) -> Tensor:
    """A loss term as one number; some of mmdet's terms are lists with one tensor per pyramid level."""
    return torch.stack([part.mean() for part in (value if isinstance(value, list) else [value])]).sum()


def frame_pair(sample: TrackDataSample, key: int | None = None, reference: int | None = None) -> TrackDataSample:
    """A sample with mmdet's key frame and reference frame set, and only what each frame shows of the ground truth.

    ``sample`` is not modified.

    Args:
        sample: a sample of T frames.
        key: index of the key frame; ``None`` takes the one that the sample names, else its last frame.
        reference: index of the reference frame; ``None`` takes the one that the sample names, else its first frame.
    """
    if key is None:
        (key, *_) = sample.metainfo.get("key_frames_inds", [len(sample) - 1])
    if reference is None:
        (reference, *_) = sample.metainfo.get("ref_frames_inds", [0])
    pair = TrackDataSample(metainfo=dict(key_frames_inds=[key], ref_frames_inds=[reference]))
    pair.video_data_samples = [_only_shown(frame) for frame in sample.video_data_samples]
    return pair


def _only_shown(frame: DetDataSample) -> DetDataSample:
    """A copy of the frame without the instances that have left it."""
    out = frame.new()
    out.gt_instances = shown_instances(frame.gt_instances)
    return out


def one_class(frame: DetDataSample, padded: tuple[int, ...]) -> DetDataSample:
    """A copy of the frame in which all objects are of class 0, as a region proposal network expects.

    Args:
        frame: a frame with ground truth.
        padded: (H, W) of the network's input, used if the frame has no ``pad_shape``.
    """
    truth = frame.gt_instances
    out = DetDataSample(metainfo=dict(pad_shape=padded) | frame.metainfo)
    out.gt_instances = InstanceData(bboxes=truth.bboxes, labels=torch.zeros_like(truth.labels))
    if "ignored_instances" in frame:
        out.ignored_instances = frame.ignored_instances
    return out
