"""InsPro: Propagating Instance Query and Proposal for Online Video Instance Segmentation (NeurIPS 2022)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from mmdet.structures import TrackDataSample
from torch import Tensor

from mmvis_ext.registry import MODELS, TASK_UTILS
from mmvis_ext.structures import RLE
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracklets import Tracklets

from .losses import InstanceLossWeights, Matches, count_entries, instance_losses
from .mask.dynamic_mask import MaskInputs, encode_logits
from .matching import TemporalMatcher
from .query import Propagated, StageOutput, as_pyramid
from .video_model import VideoModel

__all__ = ["FrameOutput", "InsPro", "InsProState"]


@dataclass(frozen=True)
class InsProState:
    """Between two frames.

    Attributes:
        geometry: of the video's frames.
        carried: what the next frame starts from.
        frame: its number.
    """

    geometry: FrameGeometry
    carried: Propagated
    frame: int = 0


class FrameOutput(NamedTuple):
    """What the last stage says about one frame.

    Attributes:
        scores: (N,K) class scores.
        boxes: (N,4) xyxy pixels of the network's input.
        masks: what masks are made from, where there are any; ``None`` for boxes alone.
    """

    scores: Tensor
    boxes: Tensor
    masks: MaskInputs | None

    def take(self, slots: Tensor) -> "FrameOutput":
        """Some slots, by their numbers (n,) int64 in the order wanted."""
        return FrameOutput(self.scores[slots], self.boxes[slots], self.masks and self.masks.pick(0, slots))


@MODELS.register_module()
class InsPro(VideoModel):
    """Online VIS: every slot's query and proposal go on to the next frame, so a slot is a track.

    Args:
        head: config of :class:`InstanceCascade`.
        cost: config of :class:`InstanceCost`, for matching.
        loss_weights: see :class:`InstanceLossWeights`.
        consistent: temporally consistent matching (Sec. 3.3); ``False`` matches every frame anew (Table 2a, row B).
        visible_thr: a slot is visible in a frame where its best class score reaches it.
        kwargs: backbone, neck, score_reduction, data_preprocessor, init_cfg; see :class:`VideoModel`.
    """

    def __init__(
        self, head: dict, cost: dict | None = None, loss_weights: dict | None = None, consistent: bool = True,
        visible_thr: float = 0.1, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(window=1, **kwargs)
        self.head = MODELS.build(head)
        self.cost = TASK_UTILS.build(cost or dict(type="InstanceCost"))
        self.loss_weights = InstanceLossWeights(**(loss_weights or {}))
        self.consistent = consistent
        self.visible_thr = visible_thr

    @property
    def num_classes(self) -> int:
        """K."""
        return self.head.num_classes

    # training

    def loss(self, inputs: Tensor, data_samples: Sequence[TrackDataSample]) -> dict[str, Tensor]:
        """Losses of every stage, averaged over the frames of a sample (Sec. 3.4).

        Args:
            inputs: (B,T,3,H,W), frames of one video each, in time order.
            data_samples: B, with per-frame ground truth.
        """
        b, length, _, height, width = inputs.shape
        levels = [f.unflatten(0, (b, length)) for f in self.extract_features(inputs.flatten(0, 1))]
        targets = [Tracklets.from_frames(s, (height, width), inputs.device) for s in data_samples]
        sizes = inputs.new_tensor([s[0].metainfo["img_shape"][:2] for s in data_samples])
        matchers = [TemporalMatcher(self.cost, self.head.num_queries, self.consistent) for _ in range(b)]
        carried = self.head.start(sizes)
        losses: dict[str, Tensor] = {}
        for t in range(length):
            features = as_pyramid(f[:, t] for f in levels)
            outputs = self.head(features, sizes, carried)
            frame = [g.frames(t, t + 1) for g in targets]
            for name, value in self.frame_losses(features, outputs, frame, sizes, matchers).items():
                losses[name] = losses.get(name, 0) + value / length
            carried = self.head.carry(outputs[-1], carried, sizes)
        return losses

    def frame_losses(
        self, features: Sequence[Tensor], outputs: list[StageOutput], targets: list[Tracklets], sizes: Tensor,
        matchers: Sequence[TemporalMatcher],
    ) -> dict[str, Tensor]:  # fmt: skip
        """Losses of every stage on one frame of each sample.

        Newcomers are matched in each stage by its own output, as in Sparse R-CNN; the last stage's output, which goes
        on to the next frame, decides which slot they keep.

        Args:
            features: pyramid levels, (B,C,h,w) each.
            outputs: M, of :class:`InstanceCascade`.
            targets: B, with T = 1.
            sizes: (B,2) height and width in pixels.
            matchers: B, which remember the sample so far.

        Returns:
            Terms by stage and name, () each.
        """
        mask_features = self.head.mask_features(features)
        losses = {}
        for m, output in enumerate(outputs):
            matches = match_frame(output, targets, sizes, matchers, remember=m == len(outputs) - 1)
            logits = None
            if mask_features is not None:
                inputs = self.head.mask_inputs(mask_features, output, m)
                logits = self.head.segment(inputs, [pairs.queries for pairs in matches])
            terms = self.stage_losses(output, logits, matches, targets, sizes)
            losses.update({f"s{m}.{name}": value for name, value in terms.items()})
        return losses

    def stage_losses(
        self, output: StageOutput, mask_logits: Tensor | None, matches: list[Matches], targets: list[Tracklets],
        sizes: Tensor,
    ) -> dict[str, Tensor]:  # fmt: skip
        """Losses of one stage on one frame of each sample, in full precision; see :func:`instance_losses`.

        Args:
            output: of the stage, T = 1.
            mask_logits: (P,h,w) of the matched queries, frame after frame; ``None`` for boxes alone.
            matches: B.
            targets: B, with T = 1.
            sizes: (B,2) height and width in pixels.

        Returns:
            Terms by name, () each.
        """
        stride = 1 if mask_logits is None else self.head.mask_stride
        with torch.autocast(sizes.device.type, enabled=False):
            return instance_losses(
                output.class_logits, output.boxes, mask_logits, stride, matches, targets, sizes,
                count_entries(matches, targets, 1), self.loss_weights,
            )  # fmt: skip

    # inference

    def init_state(self, geometry: FrameGeometry) -> InsProState:
        """State before the first frame: N slots that start from q_init (N,C) and p_init (N,4)."""
        with torch.no_grad():
            return InsProState(geometry, self.head.start(self._sizes(geometry)))

    def _sizes(self, geometry: FrameGeometry) -> Tensor:
        device = self.head.initial.queries.device
        return torch.tensor([geometry.resized], dtype=torch.float32, device=device)

    def forward_window(self, frames: Tensor, sizes: Tensor, carried: Propagated) -> tuple[FrameOutput, Propagated]:
        """The tensor part of a step: static shapes, no look at values, so it compiles whole.

        Args:
            frames: (1,3,H,W) normalised and padded.
            sizes: (1,2) height and width in pixels without padding.
            carried: from the frame before.

        Returns:
            What the last stage says, and what the next frame starts from.
        """
        features = as_pyramid(self.extract_features(frames))
        (output,) = self.head(features, sizes, carried, last_only=True)
        mask_features = self.head.mask_features(features)
        masks = None if mask_features is None else self.head.mask_inputs(mask_features, output)
        return frame_output(output, masks), self.head.carry(output, carried, sizes)

    @torch.no_grad()
    def step(self, frames: Tensor, state: InsProState) -> tuple[Detections, InsProState]:
        """One frame, (1,3,H,W); see :meth:`VideoModel.step`."""
        result, carried = self.forward_window(frames, self._sizes(state.geometry), state.carried)
        return self.detections(result, state.geometry), replace(state, carried=carried, frame=state.frame + 1)

    def detections(self, result: FrameOutput, geometry: FrameGeometry) -> Detections:
        """What a frame shows, in original pixels and with T = 1; a slot is a track."""
        visible = result.scores.amax(-1) >= self.visible_thr
        masks: list[list[RLE | None]] | None = None
        if result.masks is not None:
            masks = [[None] for _ in visible]
            logits = self.head.segment(result.masks, [visible])
            rles = encode_logits(logits, self.head.mask_stride, geometry.resized, geometry.original)
            for i, rle in zip(visible.nonzero().squeeze(1).tolist(), rles, strict=True):
                masks[i] = [rle]
        return Detections(
            track_ids=list(range(len(visible))),
            scores=result.scores[:, None].cpu().numpy(),
            boxes=geometry.to_original(result.boxes)[:, None].cpu().numpy(),
            masks=masks,
            visible=visible[:, None].cpu().numpy(),
        )


def frame_output(output: StageOutput, masks: MaskInputs | None) -> FrameOutput:
    """One frame's results from a stage's output with B = T = 1 and what its masks are made from."""
    return FrameOutput(output.class_logits[0, :, 0].sigmoid(), output.boxes[0, :, 0], masks)


def match_frame(
    output: StageOutput, targets: Sequence[Tracklets], sizes: Tensor, matchers: Sequence[TemporalMatcher],
    remember: bool,
) -> list[Matches]:  # fmt: skip
    """Assignment of each sample's frame: only ground truths that the frame shows are matched.

    Args:
        output: of one stage, T = 1.
        targets: B, with T = 1.
        sizes: (B,2) height and width in pixels.
        matchers: B.
        remember: see :meth:`TemporalMatcher.match`.
    """
    matches = []
    for b, (truth, matcher, size) in enumerate(zip(targets, matchers, sizes.tolist(), strict=True)):
        shown = truth.visible[:, 0].nonzero().squeeze(1)
        slots, index = matcher.match(
            output.class_logits[b, :, 0], output.boxes[b, :, 0], truth.labels[shown], truth.boxes[shown, 0],
            truth.ids[shown], tuple(size), remember,
        )  # fmt: skip
        matches.append(Matches(slots, shown[index]))
    return matches
