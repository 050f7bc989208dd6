"""A network that paints the salient object of each frame, without instances and without time, as a baseline."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmcv.cnn import ConvModule
from mmdet.models.losses.dice_loss import dice_loss
from mmdet.structures import TrackDataSample
from torch import Tensor, nn

from mmvis_ext.models.dense.grid import resize
from mmvis_ext.models.mask import encode_mask
from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.registry import MODELS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.rle import boxes_of
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracklets import Tracklets, ignored_regions

__all__ = ["SalientObjectBaseline"]


@MODELS.register_module()
class SalientObjectBaseline(VideoModel[FrameGeometry]):
    """Foreground or background for each pixel of a frame: what a system that knows instances and time must beat.

    The pyramid's levels are added at the size of the finest one and convolved to one logit per pixel, much as in
    "Panoptic Feature Pyramid Networks" (Kirillov et al. 2019, Fig. 3). All objects together are the foreground; it is
    the only track of a video.

    Args:
        channels: C of the pyramid levels and of the decoder.
        norm_cfg: config of the normalisation in the decoder; ``None`` for no normalisation.
        kwargs: backbone, neck, score_reduction, data_preprocessor, init_cfg; see :class:`VideoModel`.
    """

    def __init__(self, channels: int = 64, norm_cfg: dict | None = None, **kwargs: Any) -> None:
        super().__init__(window=1, **kwargs)
        self.decoder = nn.Sequential(
            ConvModule(channels, channels, 3, padding=1, norm_cfg=norm_cfg), nn.Conv2d(channels, 1, 1)
        )

    @property
    def num_classes(self) -> int:
        """K, always 1."""
        return 1

    def paint(self, features: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """Pyramid levels (n,C,h,w), the finest first -> logits (n,H,W) at the given size (H, W)."""
        finest = features[0].shape[-2], features[0].shape[-1]
        summed = torch.stack([resize(level, finest) for level in features]).sum(0)
        return F.interpolate(self.decoder(summed), size, mode="bilinear", align_corners=False)[:, 0]

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """Binary cross-entropy and dice of the foreground of all B*T frames; ignored pixels and padding do not count.

        Args:
            inputs: (B,T,3,H,W).
            data_samples: B samples with per-frame ground truth.
        """
        size = (inputs.shape[-2], inputs.shape[-1])
        logits = self.paint(self.extract_features(inputs.flatten(0, 1)), size).float()
        truth, known = [], []
        for sample in data_samples:
            foreground = Tracklets.from_frames(sample, size, inputs.device).masks.any(0)
            seen = ~ignored_regions(sample, size, inputs.device) | foreground
            height, width = sample[0].metainfo["img_shape"][:2]
            seen[:, height:] = seen[:, :, width:] = False
            truth.append(foreground)
            known.append(seen)
        target, weight = torch.cat(truth).float(), torch.cat(known).float()
        entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
        return dict(
            loss_entropy=(entropy * weight).sum() / weight.sum().clamp(min=1),
            loss_dice=dice_loss(logits.sigmoid() * weight, target * weight),
        )

    def init_state(self, geometry: FrameGeometry) -> FrameGeometry:
        """The geometry alone: nothing is passed from frame to frame."""
        return geometry

    def forward_window(self, frames: Tensor, sizes: Tensor, carried: None) -> tuple[Tensor, None]:
        """See :meth:`VideoModel.forward_window`.

        Returns:
            Logits (1,H,W) of the foreground, and nothing to carry.
        """
        return self.paint(self.extract_features(frames), (frames.shape[-2], frames.shape[-1])), None

    @torch.no_grad()
    def step(self, frames: Tensor, state: FrameGeometry) -> tuple[Detections, FrameGeometry]:
        """One frame, (1,3,H,W); see :meth:`VideoModel.step`. The score is the mean probability of the foreground."""
        logits, _ = self.forward_window(frames, self.window_sizes(state), None)
        mask = encode_mask(logits[0], (frames.shape[-2], frames.shape[-1]), state)
        probabilities = logits[0, : state.resized[0], : state.resized[1]].float().sigmoid()
        found = probabilities[probabilities > 0.5]
        score = float(found.mean()) if len(found) else 0.0
        detections = Detections(
            track_ids=[0],
            scores=np.full((1, 1, 1), score, np.float32),
            boxes=boxes_of([mask])[:, None],
            masks=[[mask]],
            visible=np.array([[mask is not None]]),
        )
        return detections, state
