"""Mask2Former-VIS (Mask2Former for Video Instance Segmentation, 2021) as mmdet has it: a baseline to compare with."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from mmdet.models.vis import Mask2FormerVideo
from mmdet.structures import DetDataSample, TrackDataSample
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from torch import Tensor

from mmvis_ext.registry import MODELS
from mmvis_ext.structures import RLE, boxes_of, encode
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections
from mmvis_ext.utils.errors import InputError

from .video_model import VideoModel

__all__ = ["Mask2FormerVISBaseline", "Mask2FormerVISState"]


@dataclass(frozen=True)
class Mask2FormerVISState:
    """Between two windows: nothing but the video's geometry and the first track id not given away yet."""

    geometry: FrameGeometry
    next_id: int = 0


@MODELS.register_module()
class Mask2FormerVISBaseline(VideoModel, Mask2FormerVideo):
    """mmdet's ``Mask2FormerVideo``: an offline model, whose queries look at all frames of a video at once.

    A step is therefore a whole video, and its memory grows with the video's length. Its masks are brought to original
    size and encoded one query and frame at a time, where mmdet holds all of them at once.

    Args:
        backbone: mmdet's config.
        track_head: mmdet's config of ``Mask2FormerTrackHead``; ``num_frames`` is T in training.
        clip_len: frames of the longest video; what comes later is taken for another video, with tracks of its own.
        max_per_video: the queries of so many of the best (query, class) pairs become tracks; 10 in mmdet.
        score_reduction: of a track's scores over time, which are the same in every frame here.
        data_preprocessor: config of mmdet's ``TrackDataPreprocessor``; with ``pad_mask=True``.
        init_cfg: as in mmengine.
    """

    def __init__(
        self, backbone: dict, track_head: dict, clip_len: int = 1000, max_per_video: int = 10,
        score_reduction: str = "visible_mean", data_preprocessor: dict | None = None, init_cfg: dict | None = None,
    ) -> None:  # fmt: skip
        with DefaultScope.overwrite_default_scope("mmdet"):  # its configs name each other's types without it
            Mask2FormerVideo.__init__(self, backbone, track_head, data_preprocessor, init_cfg)
        self.window, self.score_reduction = clip_len, score_reduction
        self.max_per_video = max_per_video

    def extract_features(self, frames: Tensor) -> tuple[Tensor, ...]:
        """(n,3,H,W) normalised frames -> the backbone's levels (n,C,h,w); there is no neck."""
        return self.backbone(frames)

    # training

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """mmdet's losses of every decoder layer.

        Args:
            inputs: (B,T,3,H,W), frames of one video each.
            data_samples: B, with per-frame ground truth; mmdet changes the copies that it is given.

        Raises:
            InputError: T is not the head's ``num_frames``.
        """
        length, expected = inputs.shape[1], self.track_head.num_frames
        if length != expected:
            raise InputError(
                f"the samples have {length} frames but the track head trains on {expected}; set the data set's "
                "clips.clip_len and the head's num_frames to the same number."
            )
        return Mask2FormerVideo.loss(self, inputs, [_copied(sample) for sample in data_samples])

    # inference

    def init_state(self, geometry: FrameGeometry) -> Mask2FormerVISState:
        return Mask2FormerVISState(geometry)

    @torch.no_grad()
    def step(self, frames: Tensor, state: Mask2FormerVISState) -> tuple[Detections, Mask2FormerVISState]:
        """One video, (T,3,H,W); see :meth:`VideoModel.step`. A track is a query, with all its class scores."""
        logits, masks = self.track_head(self.extract_features(frames), None)
        scores = logits[-1][0].float().softmax(-1)[:, :-1]
        best = scores.flatten().topk(min(self.max_per_video, scores.numel())).indices
        queries = (best // scores.shape[1]).unique()
        t, _, height, width = frames.shape
        rles = [[encode_mask(m, (height, width), state.geometry) for m in masks[-1][0, q]] for q in queries.tolist()]
        n = len(rles)
        detections = Detections(
            track_ids=list(range(state.next_id, state.next_id + n)),
            scores=scores[queries].cpu().numpy()[:, None].repeat(t, axis=1),
            boxes=np.stack([boxes_of(row) for row in rles]),
            masks=rles,
            visible=np.ones((n, t), dtype=bool),
        )
        return detections, replace(state, next_id=state.next_id + n)


def encode_mask(logits: Tensor, padded: tuple[int, int], geometry: FrameGeometry) -> RLE | None:
    """One mask in original pixels, upsampled as mmdet does.

    Args:
        logits: (h,w) over the padded frame.
        padded: (H, W) of the network's input, with padding.
        geometry: of the frames.

    Returns:
        ``None`` where no pixel reaches probability 0.5.
    """
    h, w = geometry.resized
    mask = F.interpolate(logits[None, None].float(), padded, mode="bilinear", align_corners=False)[..., :h, :w]
    mask = F.interpolate(mask, geometry.original, mode="bilinear", align_corners=False)[0] > 0
    return encode(mask.cpu().numpy())[0] if bool(mask.any()) else None


def _copied(sample: TrackDataSample) -> TrackDataSample:
    """The sample with instances of its own, whose masks mmdet turns into tensors in place."""
    out = TrackDataSample(metainfo=sample.metainfo)
    frames = []
    for frame in sample.video_data_samples:
        truth = frame.gt_instances
        copied = DetDataSample(metainfo=frame.metainfo)
        copied.gt_instances = InstanceData(labels=truth.labels, masks=truth.masks, instances_ids=truth.instances_ids)
        frames.append(copied)
    out.video_data_samples = frames
    return out
