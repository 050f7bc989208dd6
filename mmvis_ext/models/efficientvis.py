"""EfficientVIS: Efficient Video Instance Segmentation via Tracklet Query and Proposal (CVPR 2022)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from mmdet.structures import TrackDataSample
from torch import Tensor

from mmvis_ext.registry import MODELS, TASK_UTILS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracklets import Tracklets

from .association import ClipLinker, LinkMemory, Slots, renew_slots
from .losses import LossWeights, Matches, count_entries, tracklet_losses
from .mask import encode_visible, mask_on_grid
from .query import StageOutput, as_pyramid
from .video_model import VideoModel

__all__ = ["EfficientVIS", "EfficientVISState"]

GRID_STRIDE = 4  # pixels between the points where masks are compared


@dataclass(frozen=True)
class EfficientVISState:
    """Between two clips: the slots, and what hand-crafted linking remembers (``None`` without it)."""

    geometry: FrameGeometry
    slots: Slots
    memory: LinkMemory | None = None


class ClipOutput(NamedTuple):
    """What the last iteration says about one clip.

    Attributes:
        scores: (N,T,K) class scores.
        boxes: (N,T,4) xyxy pixels of the network's input.
        masks: (N,T,s,s) probabilities inside ``proposals``.
        proposals: (N,T,4) xyxy pixels of the network's input.
    """

    scores: Tensor
    boxes: Tensor
    masks: Tensor
    proposals: Tensor


@MODELS.register_module()
class EfficientVIS(VideoModel):
    """Clip-level VIS by tracklet queries and proposals; no data association within or between clips.

    Args:
        head: config of :class:`TrackletCascade`.
        assigner: config of :class:`TrackletAssigner`.
        loss_weights: of the terms, see :class:`LossWeights`.
        match_each: match in each iteration, as Sparse R-CNN does; ``False`` matches on the last one alone and lets all
            iterations share its assignment, which is faster.
        clip_len: T, frames per step at test. No weight depends on it.
        visible_thr: a slot is visible in a frame where its best class score reaches it.
        reset_after: a slot that was background for so many clips is reset to q*.
        reset_score: a slot is background in a clip where its best class score stays below it.
        linker: config of :class:`ClipLinker`: every clip starts from q* and is linked by hand (Table 1d). ``None``
            passes the queries on, which is the paper's way.
        kwargs: backbone, neck, score_reduction, data_preprocessor, init_cfg; see :class:`VideoModel`.
    """

    def __init__(
        self, head: dict, assigner: dict, loss_weights: dict | None = None, match_each: bool = True,
        clip_len: int = 36, visible_thr: float = 0.1, reset_after: int = 3, reset_score: float = 0.05,
        linker: dict | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(window=clip_len, **kwargs)
        self.head = MODELS.build(head)
        self.assigner = TASK_UTILS.build(assigner)
        self.loss_weights = LossWeights(**(loss_weights or {}))
        self.match_each = match_each
        self.visible_thr = visible_thr
        self.reset_after, self.reset_score = reset_after, reset_score
        self.linker = TASK_UTILS.build(linker) if linker else None

    @property
    def num_classes(self) -> int:
        """K."""
        return self.head.num_classes

    # training

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """Losses of every iteration, averaged over the clips of a sample.

        With two clips per sample this is correspondence learning (Sec. 3.3): the second starts from the first one's
        output queries, averaged over time, and inherits its assignment.

        Args:
            inputs: (B, clips*T, 3, H, W), clip after clip.
            data_samples: B, with per-frame ground truth and ``num_clips``.
        """
        b, frames, _, height, width = inputs.shape
        clips = data_samples[0].metainfo.get("num_clips", 1)
        length = frames // clips
        levels = [f.unflatten(0, (b, clips, length)) for f in self.extract_features(inputs.flatten(0, 1))]
        targets = [Tracklets.from_frames(s, (height, width), inputs.device) for s in data_samples]
        sizes = inputs.new_tensor([s[0].metainfo["img_shape"][:2] for s in data_samples])
        losses: dict[str, Tensor] = {}
        queries: Tensor | None = None
        inherited: list[Matches | None] = [None] * b
        for clip in range(clips):
            features = as_pyramid(f[:, clip].flatten(0, 1) for f in levels)
            outputs = self.head(features, sizes, queries)
            window = [g.frames(clip * length, (clip + 1) * length) for g in targets]
            terms, matches = self._clip_losses(features, outputs, window, sizes, inherited)
            inherited = list(matches)
            for name, value in terms.items():
                losses[name] = losses.get(name, 0) + value / clips
            queries = outputs[-1].queries.mean(dim=2)
        return losses

    def _clip_losses(
        self, features: tuple[Tensor, ...], outputs: list[StageOutput], targets: list[Tracklets], sizes: Tensor,
        inherited: Sequence[Matches | None],
    ) -> tuple[dict[str, Tensor], list[Matches]]:  # fmt: skip
        """Losses of every iteration of one clip, and the last assignment for the clip that follows.

        Matching looks at the masks of all queries, without gradient; only matched ones are segmented for the loss.
        """
        losses = {}
        last = self._match_all(features, outputs[-1], -1, targets, sizes, inherited)
        for m, output in enumerate(outputs):
            matches = last
            if self.match_each and m < len(outputs) - 1:
                matches = self._match_all(features, output, m, targets, sizes, inherited)
            logits = self.head.segment(features, output, m, pick=[pairs.queries for pairs in matches])
            with torch.autocast(sizes.device.type, enabled=False):
                terms = tracklet_losses(
                    output.class_logits, output.boxes, logits, output.proposals, matches, targets, sizes,
                    count_entries(matches, targets, output.boxes.shape[2]), self.loss_weights,
                )  # fmt: skip
            losses.update({f"s{m}.{name}": value for name, value in terms.items()})
        return losses, last

    @torch.no_grad()
    def _match_all(
        self, features: tuple[Tensor, ...], output: StageOutput, m: int, targets: list[Tracklets], sizes: Tensor,
        inherited: Sequence[Matches | None],
    ) -> list[Matches]:  # fmt: skip
        """Assignment of every clip of a batch by the output of iteration ``m``."""
        masks = self.head.segment(features, output, m).sigmoid()
        return [
            self._match(output, masks, b, g, self._grid_masks(g), (height, width), inherited[b])
            for b, (g, (height, width)) in enumerate(zip(targets, sizes.tolist(), strict=True))
        ]

    def _match(
        self, output: StageOutput, masks: Tensor, b: int, targets: Tracklets, grid_masks: Tensor,
        size: tuple[float, float], inherited: Matches | None,
    ) -> Matches:  # fmt: skip
        """Assignment of clip ``b``: pairs inherited from the clip before stay; what is new takes a free query.

        Args:
            masks: (B,N,T,s,s) probabilities of all queries.
            grid_masks: (G,T,h,w), see :meth:`_grid_masks`.
            size: (H, W) in pixels without padding, to normalise boxes.
        """
        queries, known = inherited or (targets.labels[:0], targets.labels[:0])
        new = targets.visible.any(1)
        new[known] = False
        new = new.nonzero().squeeze(1)
        free = torch.ones(output.boxes.shape[1], dtype=torch.bool, device=new.device)
        free[queries] = False
        free = free.nonzero().squeeze(1)
        if len(new) and len(free):
            (height, width), (h, w) = targets.masks.shape[-2:], grid_masks.shape[-2:]
            on_grid = mask_on_grid(
                masks[b, free].flatten(0, 1), output.proposals[b, free].flatten(0, 1), (height, width), (h, w)
            ).unflatten(0, (len(free), -1))
            scores = output.class_logits[b, free].sigmoid()
            rows, columns = self.assigner(scores, output.boxes[b, free], on_grid, targets[new], grid_masks[new], size)
            queries, known = torch.cat([queries, free[rows]]), torch.cat([known, new[columns]])
        return Matches(queries, known)

    @staticmethod
    def _grid_masks(targets: Tracklets) -> Tensor:
        """(G,T,h,w) share of each grid cell that a mask covers."""
        masks = targets.masks.flatten(0, 1)[:, None].float()
        return F.avg_pool2d(masks, GRID_STRIDE, ceil_mode=True)[:, 0].unflatten(0, targets.visible.shape)

    # inference

    def init_state(self, geometry: FrameGeometry) -> EfficientVISState:
        """State before the first clip: N fresh slots, whose queries (N,C) are q*."""
        return EfficientVISState(geometry, Slots.fresh(self.head.initial.queries.detach()))

    def forward_window(self, frames: Tensor, sizes: Tensor, slots: Slots) -> tuple[ClipOutput, Slots]:
        """The tensor part of a step: static shapes, no look at values, so it compiles whole.

        Args:
            frames: (T,3,H,W) normalised and padded.
            sizes: (1,2) height and width in pixels without padding.
            slots: before the clip.

        Returns:
            What the last iteration says, and the slots after the clip.
        """
        features = as_pyramid(self.extract_features(frames))
        (output,) = self.head(features, sizes, slots.queries[None], last_only=True)
        result = ClipOutput(
            scores=output.class_logits[0].sigmoid(),
            boxes=output.boxes[0],
            masks=self.head.segment(features, output)[0].sigmoid(),
            proposals=output.proposals[0],
        )
        initial = self.head.initial.queries
        return result, renew_slots(slots, output.queries[0], result.scores, initial, self.reset_after, self.reset_score)

    @torch.no_grad()
    def step(self, frames: Tensor, state: EfficientVISState) -> tuple[Detections, EfficientVISState]:
        """One clip of (T,3,H,W) ``frames``; see :meth:`VideoModel.step`. T is their number."""
        geometry = state.geometry
        sizes = torch.tensor([geometry.resized], dtype=torch.float32, device=frames.device)
        result, slots = self.forward_window(frames, sizes, state.slots)
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
