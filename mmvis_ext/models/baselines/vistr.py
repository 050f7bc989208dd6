"""VisTR: End-to-End Video Instance Segmentation with Transformers (CVPR 2021), as a baseline."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from mmdet.structures import TrackDataSample
from torch import Tensor

from mmvis_ext.models.association import ClipLinker, LinkMemory
from mmvis_ext.models.losses import SequenceLossWeights, count_entries, sequence_losses, sequence_mask_losses
from mmvis_ext.models.mask import SequenceMaskHead, encode_mask
from mmvis_ext.models.matching import Matches, SequenceAssigner
from mmvis_ext.models.query import SequenceOutput, SequenceTransformer
from mmvis_ext.models.training_batch import TrainingBatch
from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.registry import MODELS, TASK_UTILS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections
from mmvis_ext.utils.errors import InputError
from mmvis_ext.utils.mirror import mirrored

__all__ = ["VisTR", "VisTRState"]


@dataclass(frozen=True)
class VisTRState:
    """State after a clip.

    Attributes:
        geometry: original and resized size of the video's frames.
        next_id: without a linker, the id that the next new track gets.
        memory: with a linker, the known tracks; ``None`` before the first clip.
    """

    geometry: FrameGeometry
    next_id: int = 0
    memory: LinkMemory | None = None


class ClipOutput(NamedTuple):
    """Predictions of the last decoder layer for one clip.

    Attributes:
        scores: (N,T,K) class probabilities.
        boxes: (N,T,4) xyxy pixels of the network's input.
        masks: (N,T,h,w) logits over the padded frames.
    """

    scores: Tensor
    boxes: Tensor
    masks: Tensor


@MODELS.register_module()
class VisTR(VideoModel[VisTRState]):
    """Clip-level VIS by a transformer over all pixels of a clip; within a clip, place n is one instance in all frames.

    Every clip starts from the same learned queries, so nothing but a hand-crafted linker leads from clip to clip.
    Without one, every clip begins new tracks. The number of frames is fixed: at test a shorter clip, such as the last
    one of a video, is continued back and forth to T frames as in training, and what is found in these is dropped.

    Args:
        head: config of :class:`SequenceTransformer` but for ``in_channels`` and ``clip_len``.
        mask_head: config of :class:`SequenceMaskHead` but for all that it shares with the head.
        assigner: config of :class:`SequenceAssigner`.
        in_channels: channels of the backbone's levels, the finest first.
        loss_weights: weights of the loss terms, see :class:`SequenceLossWeights`.
        clip_len: T, frames per training sample and per step. The number of weights depends on it.
        visible_thr: an instance is visible in the frames where its best class score is at least this.
        linker: config of :class:`ClipLinker`; ``None`` for clips that are not linked.
        kwargs: backbone, score_reduction, data_preprocessor, init_cfg; see :class:`VideoModel`.
    """

    classifier = ("head.fc_cls.*",)
    parts = VideoModel.parts | dict(mask=("mask_head.forward",))

    def __init__(
        self, head: dict, mask_head: dict, assigner: dict, in_channels: Sequence[int], loss_weights: dict | None = None,
        clip_len: int = 36, visible_thr: float = 0.1, linker: dict | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(window=clip_len, **kwargs)
        *others, last = in_channels
        self.head: SequenceTransformer = MODELS.build(dict(head, in_channels=last, clip_len=clip_len))
        shared = dict(in_channels=others, embed_dims=self.head.embed_dims, num_heads=self.head.num_heads)
        self.mask_head: SequenceMaskHead = MODELS.build(dict(mask_head, **shared))
        self.assigner: SequenceAssigner = TASK_UTILS.build(assigner)
        self.loss_weights = SequenceLossWeights(**(loss_weights or {}))
        self.visible_thr = visible_thr
        self.linker: ClipLinker | None = TASK_UTILS.build(linker) if linker else None

    @property
    def num_classes(self) -> int:
        """K, the number of classes."""
        return self.head.num_classes

    @property
    def slots(self) -> int:
        """N, the number of instances per clip."""
        return self.head.num_queries

    @property
    def sample_length(self) -> int:
        """T, the frames of a training sample and of a step."""
        return self.head.clip_len

    # training

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """Losses of every decoder layer, each with a matching of its own, and of the last layer's masks.

        Args:
            inputs: (B,T,3,H,W).
            data_samples: B samples with per-frame ground truth.

        Raises:
            InputError: the samples have another number of frames than the model.
        """
        length, expected = inputs.shape[1], self.sample_length
        if length != expected:
            raise InputError(
                f"the samples have {length} frames but the model takes {expected}; set the data set's clips.clip_len "
                "to the model's clip_len and its num_clips to 1."
            )
        levels = self.extract_features(inputs.flatten(0, 1))
        batch = TrainingBatch.of(levels, inputs, data_samples)
        output = self.head(levels[-1], batch.sizes, inputs.shape[-2:])
        losses: dict[str, Tensor] = {}
        with torch.autocast(inputs.device.type, enabled=False):
            for m, (logits, boxes) in enumerate(zip(output.class_logits.float(), output.boxes.float(), strict=True)):
                clips = zip(logits, boxes, batch.targets, batch.sizes.tolist(), strict=True)
                matches = [self.assigner(*clip) for clip in clips]
                entries = count_entries(matches, batch.targets, length)
                terms = sequence_losses(logits, boxes, matches, batch.targets, batch.sizes, entries, self.loss_weights)
                losses.update({f"d{m}.{name}": value for name, value in terms.items()})
        masks = self._segment(output, batch, matches)
        stride = round(inputs.shape[-1] / masks.shape[-1])
        with torch.autocast(inputs.device.type, enabled=False):
            terms = sequence_mask_losses(masks.float(), stride, matches, batch.targets, entries, self.loss_weights)
        return losses | {f"d{m}.{name}": value for name, value in terms.items()}

    def _segment(self, output: SequenceOutput, batch: TrainingBatch, matches: list[Matches]) -> Tensor:
        """Mask logits (P,T,h,w) of the matched instances alone, clip by clip."""
        masks = []
        for b, pairs in enumerate(matches):
            # where nothing is matched, one instance is segmented all the same, so that every weight has a gradient
            picked = output.queries[b, pairs.queries if len(pairs.queries) else slice(1)]
            levels = [level[b] for level in batch.levels[:-1]]
            masks.append(self.mask_head(picked, output.memory[b], output.outside[b], levels)[: len(pairs.queries)])
        return torch.cat(masks)

    # inference

    def init_state(self, geometry: FrameGeometry) -> VisTRState:
        return VisTRState(geometry)

    def forward_window(self, frames: Tensor, sizes: Tensor, carried: None = None) -> tuple[ClipOutput, None]:
        """See :meth:`VideoModel.forward_window`.

        Args:
            frames: (T,3,H,W) normalised and padded, exactly T.
            sizes: (1,2) height and width in pixels without padding.
            carried: not used.
        """
        levels = self.extract_features(frames)
        output = self.head(levels[-1], sizes, frames.shape[-2:])
        masks = self.mask_head(output.queries[0], output.memory[0], output.outside[0], levels[:-1])
        return ClipOutput(output.class_logits[-1, 0].softmax(-1)[..., :-1], output.boxes[-1, 0], masks), None

    @torch.no_grad()
    def step(self, frames: Tensor, state: VisTRState) -> tuple[Detections, VisTRState]:
        """One clip, (n,3,H,W) with n at most T; see :meth:`VideoModel.step`.

        Raises:
            InputError: there are more frames.
        """
        n, t, geometry = len(frames), self.sample_length, state.geometry
        if n > t:
            raise InputError(f"a step has {n} frames but the model takes {t}; give at most {t} at a time.")
        filled = frames[[mirrored(i, n) for i in range(t)]]
        result, _ = self.forward_window(filled, self.window_sizes(geometry), None)
        scores, boxes, masks = (part[:, :n].float() for part in result)
        visible = scores.amax(-1) >= self.visible_thr
        ids, memory = list(range(state.next_id, state.next_id + self.slots)), None
        if self.linker is not None:
            h, w = geometry.resized
            relative = boxes / boxes.new_tensor([w, h, w, h])
            ids, memory = self.linker.link(state.memory, scores, relative, masks.sigmoid(), visible)
        padded = frames.shape[-2], frames.shape[-1]
        detections = Detections(
            track_ids=ids,
            scores=scores.cpu().numpy(),
            boxes=geometry.to_original(boxes).cpu().numpy(),
            masks=[
                [encode_mask(mask, padded, geometry) if seen else None for mask, seen in zip(*row, strict=True)]
                for row in zip(masks, visible.tolist(), strict=True)
            ],
            visible=visible.cpu().numpy(),
        )
        return detections, replace(state, next_id=state.next_id + self.slots, memory=memory)
