"""Mask2Former-VIS (Mask2Former for Video Instance Segmentation, 2021) as mmdet implements it, as a baseline."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from mmdet.models.tracking_heads import Mask2FormerTrackHead
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from torch import Tensor

from mmvis_ext.models.mask import encode_mask
from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.rle import boxes_of
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracklets import shown_instances
from mmvis_ext.utils.errors import InputError

__all__ = ["Mask2FormerVISBaseline", "Mask2FormerVISState"]


@dataclass(frozen=True)
class Mask2FormerVISState:
    """State after a window; nothing else is carried over.

    Attributes:
        geometry: original and resized size of the video's frames.
        next_id: the id that the next new track gets.
    """

    geometry: FrameGeometry
    next_id: int = 0


class VideoOutput(NamedTuple):
    """Predictions of the last decoder layer for a video.

    Attributes:
        class_logits: (N,K+1), the last one for background.
        masks: (N,T,h,w) mask logits over the padded frames.
    """

    class_logits: Tensor
    masks: Tensor


@MODELS.register_module()
class Mask2FormerVISBaseline(VideoModel[Mask2FormerVISState]):
    """mmdet's ``Mask2FormerVideo``: an offline model, whose queries look at all frames of a video at once.

    A step is therefore a whole video, and its memory grows with the video's length. Masks are resized to original
    pixels and encoded one at a time, whereas mmdet holds all of them at once. Checkpoints of mmdet's Mask2Former for
    images can be loaded: their ``panoptic_head`` becomes the ``track_head``.

    Args:
        backbone: config of an mmdet backbone.
        track_head: config of mmdet's ``Mask2FormerTrackHead``; its ``num_frames`` is T in training.
        clip_len: frames per step, at least the length of the longest video. A longer video is cut into pieces of this
            length, and no track goes on from one piece to the next.
        max_per_video: this many (query, class) pairs with the highest scores are selected, and their queries become
            tracks; 10 in mmdet.
        kwargs: score_reduction (only ``length_weighted`` has an effect, as a track's scores are the same in every
            frame), data_preprocessor (config of mmdet's ``TrackDataPreprocessor`` with ``pad_mask=True``), init_cfg;
            see :class:`VideoModel`.

    Raises:
        InputError: the loss has weights for another number of classes than ``num_classes``.
    """

    classifier = ("track_head.cls_embed.*",)

    def __init__(
        self, backbone: dict, track_head: dict, clip_len: int = 1000, max_per_video: int = 10, **kwargs: Any
    ) -> None:
        with DefaultScope.overwrite_default_scope("mmdet"):  # in mmdet's configs, types have no "mmdet." in front
            super().__init__(window=clip_len, backbone=backbone, **kwargs)
            self.track_head: Mask2FormerTrackHead = MODELS.build(track_head)
        weights = self.track_head.loss_cls.class_weight
        if isinstance(weights, Sequence) and len(weights) != self.num_classes + 1:
            raise InputError(
                f"Mask2Former-VIS: track_head.num_classes is {self.num_classes}, but track_head.loss_cls.class_weight "
                f"has {len(weights)} entries; give one for each class and, as the last, one for the background."
            )
        self.max_per_video = max_per_video

    @property
    def num_classes(self) -> int:
        """K, the number of classes."""
        return self.track_head.num_classes

    @property
    def slots(self) -> int:
        """N, the number of queries."""
        return self.track_head.num_queries

    @property
    def sample_length(self) -> int:
        """T, the frames of a training sample."""
        return self.track_head.num_frames

    def extract_features(self, frames: Tensor) -> tuple[Tensor, ...]:
        """(n,3,H,W) normalised frames -> the backbone's levels (n,C,h,w); there is no neck."""
        return self.backbone(frames)  # not in channels-last layout, which the model's attention would have to undo

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *args: Any) -> None:
        for key in [key for key in state_dict if key.startswith("panoptic_head")]:
            state_dict[key.replace("panoptic", "track")] = state_dict.pop(key)
        super()._load_from_state_dict(state_dict, prefix, *args)

    # training

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """mmdet's losses of every decoder layer.

        Args:
            inputs: (B,T,3,H,W), frames of one video each.
            data_samples: B samples with per-frame ground truth; they are not modified.

        Raises:
            InputError: T is not the head's ``num_frames``.
        """
        length, expected = inputs.shape[1], self.sample_length
        if length != expected:
            raise InputError(
                f"the samples have {length} frames but the track head trains on {expected}; set the data set's "
                "clips.clip_len and the head's num_frames to the same number."
            )
        features = self.extract_features(inputs.flatten(0, 1))
        return self.track_head.loss(features, [_copied(sample) for sample in data_samples])

    # inference

    def init_state(self, geometry: FrameGeometry) -> Mask2FormerVISState:
        return Mask2FormerVISState(geometry)

    def forward_window(self, frames: Tensor, sizes: Tensor, carried: None = None) -> tuple[VideoOutput, None]:
        """See :meth:`VideoModel.forward_window`.

        Unlike in the other models, control flow in mmdet's decoder depends on values (of its attention masks), so
        ``torch.compile`` splits this into several graphs.

        Args:
            frames: (T,3,H,W) normalised and padded.
            sizes: (1,2) height and width in pixels without padding; not used here.
            carried: not used.
        """
        logits, masks = self.track_head(self.extract_features(frames), None)
        return VideoOutput(logits[-1][0], masks[-1][0]), None

    @torch.no_grad()
    def step(self, frames: Tensor, state: Mask2FormerVISState) -> tuple[Detections, Mask2FormerVISState]:
        """One whole video, (T,3,H,W); see :meth:`VideoModel.step`. A track has its query's scores for all classes."""
        (logits, masks), _ = self.forward_window(frames, self.window_sizes(state.geometry))
        scores = logits.float().softmax(-1)[:, :-1]
        best = scores.flatten().topk(min(self.max_per_video, scores.numel())).indices
        queries = (best // scores.shape[1]).unique()
        t, _, height, width = frames.shape
        rles = [[encode_mask(m, (height, width), state.geometry) for m in masks[q]] for q in queries.tolist()]
        n = len(rles)
        detections = Detections(
            track_ids=list(range(state.next_id, state.next_id + n)),
            scores=scores[queries].cpu().numpy()[:, None].repeat(t, axis=1),
            boxes=np.stack([boxes_of(row) for row in rles]),
            masks=rles,
            visible=np.ones((n, t), dtype=bool),
        )
        return detections, replace(state, next_id=state.next_id + n)


def _copied(sample: TrackDataSample) -> TrackDataSample:
    """A copy of the sample with its own instances, since mmdet's loss replaces their masks by tensors in place."""
    out = TrackDataSample(metainfo=sample.metainfo)
    frames = []
    for frame in sample.video_data_samples:
        truth = shown_instances(frame.gt_instances)
        copied = DetDataSample(metainfo=frame.metainfo)
        copied.gt_instances = InstanceData(labels=truth.labels, masks=truth.masks, instances_ids=truth.instances_ids)
        frames.append(copied)
    out.video_data_samples = frames
    return out
