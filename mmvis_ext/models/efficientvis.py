"""EfficientVIS: Efficient Video Instance Segmentation via Tracklet Query and Proposal (CVPR 2022)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from mmdet.structures import TrackDataSample
from torch import Tensor

from mmvis_ext.registry import MODELS, TASK_UTILS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracklets import Tracklets

from .association import ClipLinker, LinkMemory, Slots, renew_slots
from .losses import LossWeights, count_entries, tracklet_losses
from .mask import encode_visible, mask_on_grid
from .matching import GRID_STRIDE, Matches, TrackletAssigner, match_clips
from .query import StageOutput, TrackletCascade, as_pyramid, gather_pyramid
from .recording import is_recorded
from .training_batch import TrainingBatch, mean_over
from .video_model import VideoModel

__all__ = ["EfficientVIS", "EfficientVISState"]

CPU_PIXELS = 2**18  # of the frames that pass at once: more leave the cache, fewer have the weights laid out too often


@dataclass(frozen=True)
class EfficientVISState:
    """State after a clip.

    Attributes:
        geometry: original and resized size of the video's frames.
        slots: initial queries and track ids of the next clip.
        memory: the known tracks, for hand-crafted linking; ``None`` without a linker or before the first clip.
    """

    geometry: FrameGeometry
    slots: Slots
    memory: LinkMemory | None = None


class ClipOutput(NamedTuple):
    """Predictions of the last iteration for one clip.

    Attributes:
        scores: (N,T,K) class scores.
        boxes: (N,T,4) xyxy pixels of the network's input.
        masks: (N,T,s,s) mask probabilities, each on an s x s grid inside its proposal.
        proposals: (N,T,4) xyxy pixels of the network's input.
    """

    scores: Tensor
    boxes: Tensor
    masks: Tensor
    proposals: Tensor


@MODELS.register_module()
class EfficientVIS(VideoModel[EfficientVISState]):
    """Clip-level VIS by tracklet queries and proposals; no data association within or between clips.

    A slot is the place of one of the N queries: its output query, averaged over time, is the initial query of the same
    slot in the next clip, so the slot keeps its track id. q* are the learned initial queries of a video's first clip.

    Args:
        head: config of :class:`TrackletCascade`.
        assigner: config of :class:`TrackletAssigner`.
        loss_weights: weights of the loss terms, see :class:`LossWeights`.
        match_each: match the outputs of each iteration, as Sparse R-CNN does. ``False`` matches those of the last
            iteration only and uses that assignment for all iterations, which is faster.
        clip_len: T, frames per step at test. No weight depends on it.
        visible_thr: a slot is visible in the frames where its best class score is at least this.
        reset_after: a slot that was background for this many clips in a row is reset to its q*.
        reset_score: a slot is background in a clip if its best class score is below this in every frame.
        linker: config of :class:`ClipLinker`, for the comparison of Table 1d: every clip starts from q*, and its
            tracklets are linked to the known tracks by hand-crafted affinities. ``None`` is the paper's method.
        frames_per_chunk: how many frames pass backbone and neck at once at test. Results do not depend on it, but
            memory and speed do. ``None`` is the whole clip on a GPU, and on a CPU as many frames as have the pixels of
            one of 640x360. Compiled and exported code takes whole clips.
        kwargs: backbone, neck, score_reduction, data_preprocessor, init_cfg; see :class:`VideoModel`.

    Raises:
        ValueError: ``frames_per_chunk`` is below 1.
    """

    classifier = ("head.stages.*.fc_cls.*",)
    parts = VideoModel.parts | dict(mask=("head.segment",))
    checkpointed = ("backbone.layer*.*.forward", "head.look", "head.segment")

    def __init__(
        self, head: dict, assigner: dict, loss_weights: dict | None = None, match_each: bool = True,
        clip_len: int = 36, visible_thr: float = 0.1, reset_after: int = 3, reset_score: float = 0.05,
        linker: dict | None = None, frames_per_chunk: int | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(window=clip_len, **kwargs)
        if frames_per_chunk is not None and frames_per_chunk < 1:
            raise ValueError(f"frames_per_chunk={frames_per_chunk} must be at least 1, or None for the default.")
        self.head: TrackletCascade = MODELS.build(head)
        self.assigner: TrackletAssigner = TASK_UTILS.build(assigner)
        self.loss_weights = LossWeights(**(loss_weights or {}))
        self.match_each = match_each
        self.visible_thr = visible_thr
        self.reset_after, self.reset_score = reset_after, reset_score
        self.linker: ClipLinker | None = TASK_UTILS.build(linker) if linker else None
        self.frames_per_chunk = frames_per_chunk

    @property
    def num_classes(self) -> int:
        """K, the number of classes."""
        return self.head.num_classes

    @property
    def slots(self) -> int:
        """N, the number of queries."""
        return self.head.num_queries

    # training

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """Losses of every iteration, averaged over the clips of a sample.

        With two clips per sample this is correspondence learning (Sec. 3.3): the second clip starts from the first
        clip's output queries, averaged over time, and reuses its assignment.

        Args:
            inputs: (B, clips*T, 3, H, W), one clip after the other.
            data_samples: B samples with per-frame ground truth and their ``num_clips``.
        """
        batch = TrainingBatch.of(self.extract_features(inputs.flatten(0, 1)), inputs, data_samples)
        clips = data_samples[0].metainfo.get("num_clips", 1)
        length = batch.length // clips
        terms: list[dict[str, Tensor]] = []
        queries: Tensor | None = None
        inherited: Sequence[Matches | None] = [None] * len(batch)
        for start in range(0, batch.length, length):
            features = batch.features(start, start + length)
            outputs = self.head(features, batch.sizes, queries)
            window = batch.truth(start, start + length)
            losses, inherited = self._clip_losses(features, outputs, window, batch.sizes, inherited)
            terms.append(losses)
            queries = outputs[-1].queries.mean(dim=2)
        return mean_over(terms)

    def _clip_losses(
        self, features: tuple[Tensor, ...], outputs: list[StageOutput], targets: list[Tracklets], sizes: Tensor,
        inherited: Sequence[Matches | None],
    ) -> tuple[dict[str, Tensor], list[Matches]]:  # fmt: skip
        """Losses of every iteration of one clip, and the last iteration's assignment for the clip that follows.

        Matching needs the masks of all queries but no gradient; for the loss, only matched queries are segmented.
        """
        losses = {}
        last = self._match(features, outputs[-1], -1, targets, sizes, inherited)
        for m, output in enumerate(outputs):
            matches = last
            if self.match_each and m < len(outputs) - 1:
                matches = self._match(features, output, m, targets, sizes, inherited)
            logits = self.head.segment(features, output, m, pick=[pairs.queries for pairs in matches])
            with torch.autocast(sizes.device.type, enabled=False):
                terms = tracklet_losses(
                    output.class_logits, output.boxes, logits, output.proposals, matches, targets, sizes,
                    count_entries(matches, targets, output.boxes.shape[2]), self.loss_weights,
                )  # fmt: skip
            losses.update({f"s{m}.{name}": value for name, value in terms.items()})
        return losses, last

    @torch.no_grad()
    def _match(
        self, features: tuple[Tensor, ...], output: StageOutput, m: int, targets: list[Tracklets], sizes: Tensor,
        inherited: Sequence[Matches | None],
    ) -> list[Matches]:  # fmt: skip
        """Match the output of iteration ``m`` to the ground truth, for each clip of a batch."""
        masks = self.head.segment(features, output, m).sigmoid()
        return match_clips(self.assigner, output, masks, targets, sizes, inherited)

    # inference

    def init_state(self, geometry: FrameGeometry) -> EfficientVISState:
        """State before the first clip: N fresh slots, whose queries (N,C) are q*."""
        return EfficientVISState(geometry, Slots.fresh(self.head.initial.queries.detach()))

    def extract_features(self, frames: Tensor) -> tuple[Tensor, ...]:
        """(n,3,H,W) normalised frames -> pyramid levels (n,C,h,w); at test in chunks, since layers need much memory."""
        h, w = frames.shape[-2:]
        size = self.frames_per_chunk or (len(frames) if frames.is_cuda else max(1, CPU_PIXELS // (h * w)))
        if self.training or is_recorded() or size >= len(frames):
            return super().extract_features(frames)
        chunks = map(super().extract_features, frames.split(size))
        if frames.is_cuda:
            return tuple(torch.cat(levels) for levels in zip(*chunks, strict=True))
        return gather_pyramid(chunks, len(frames))

    def forward_window(self, frames: Tensor, sizes: Tensor, carried: Slots) -> tuple[ClipOutput, Slots]:
        """See :meth:`VideoModel.forward_window`.

        Args:
            frames: (T,3,H,W) normalised and padded.
            sizes: (1,2) height and width in pixels without padding.
            carried: the slots before the clip.

        Returns:
            Predictions of the last iteration, and the slots after the clip.
        """
        features = as_pyramid(self.extract_features(frames))
        (output,) = self.head(features, sizes, carried.queries[None], last_only=True)
        result = ClipOutput(
            scores=output.class_logits[0].sigmoid(),
            boxes=output.boxes[0],
            masks=self._segment(features, output).sigmoid(),
            proposals=output.proposals[0],
        )
        initial = self.head.initial.queries
        slots = renew_slots(carried, output.queries[0], result.scores, initial, self.reset_after, self.reset_score)
        return result, slots

    def _segment(self, features: tuple[Tensor, ...], output: StageOutput) -> Tensor:
        """Mask logits (N,T,s,s) of a clip; on a CPU query by query, since those of all need much memory on the way."""
        if features[0].is_cuda or is_recorded():
            return self.head.segment(features, output)[0]
        queries = torch.arange(self.head.num_queries)
        return torch.cat([self.head.segment(features, output, pick=[query]) for query in queries.split(1)])

    @torch.no_grad()
    def step(self, frames: Tensor, state: EfficientVISState) -> tuple[Detections, EfficientVISState]:
        """One clip, (T,3,H,W); see :meth:`VideoModel.step`. T may differ from clip to clip."""
        geometry = state.geometry
        result, slots = self.forward_window(frames, self.window_sizes(geometry), state.slots)
        visible = result.scores.amax(-1) >= self.visible_thr
        track_ids, memory = state.slots.track_ids.tolist(), None
        if self.linker is not None:
            slots = Slots.fresh(self.head.initial.queries)
            track_ids, memory = self._link(self.linker, result, visible, geometry, state.memory)
        detections = Detections(
            track_ids=track_ids,
            scores=result.scores.cpu().numpy(),
            boxes=geometry.to_original(result.boxes).cpu().numpy(),
            masks=encode_visible(
                result.masks, geometry.to_original(result.proposals, clip=False), visible, geometry.original
            ),
            visible=visible.cpu().numpy(),
        )  # fmt: skip
        return detections, replace(state, slots=slots, memory=memory)

    def _link(
        self,
        linker: ClipLinker,
        result: ClipOutput,
        visible: Tensor,
        geometry: FrameGeometry,
        memory: LinkMemory | None,
    ) -> tuple[list[int], LinkMemory]:
        h, w = geometry.resized
        grid = (-(-h // GRID_STRIDE), -(-w // GRID_STRIDE))
        masks = mask_on_grid(
            result.masks.flatten(0, 1), result.proposals.flatten(0, 1), (h, w), grid
        ).unflatten(0, visible.shape)  # fmt: skip
        scale = result.boxes.new_tensor([w, h, w, h])
        return linker.link(memory, result.scores, result.boxes / scale, masks, visible)
