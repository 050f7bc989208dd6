"""InsPro's segmentation of one frame (Sec. 3.2 and 3.4), which its four models share; each links frames its own way."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

import torch
from torch import Tensor

from mmvis_ext.models.losses import InstanceLossWeights, count_entries, instance_losses
from mmvis_ext.models.mask import MaskInputs, encode_logits
from mmvis_ext.models.matching import InstanceCost, Matches, TemporalMatcher, match_frame
from mmvis_ext.models.query import InstanceCascade, Propagated, StageOutput, as_pyramid
from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.registry import MODELS, TASK_UTILS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.rle import RLE
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracklets import Tracklets

__all__ = ["FrameOutput", "InstanceModel", "frame_output"]

State = TypeVar("State")


class FrameOutput(NamedTuple):
    """What the last stage says about one frame.

    Attributes:
        scores: (N,K) class scores.
        boxes: (N,4) xyxy pixels of the network's input.
        masks: what masks are made from; ``None`` for boxes alone.
        crops: (N,C,S,S) RoI features of the boxes, where detections are linked by them.
    """

    scores: Tensor
    boxes: Tensor
    masks: MaskInputs | None
    crops: Tensor | None = None

    def take(self, slots: Tensor) -> "FrameOutput":
        """Some slots, by their numbers (n,) int64 in the order wanted."""
        crops = None if self.crops is None else self.crops[slots]
        return FrameOutput(self.scores[slots], self.boxes[slots], self.masks and self.masks.pick(0, slots), crops)


def frame_output(output: StageOutput, masks: MaskInputs | None) -> FrameOutput:
    """One frame's results from a stage's output with B = T = 1 and what its masks are made from."""
    return FrameOutput(output.class_logits[0, :, 0].sigmoid(), output.boxes[0, :, 0], masks)


class InstanceModel(VideoModel[State]):
    """N slots that look at one frame M times; a slot gives a class, a box and, by conditional convolution, a mask.

    Args:
        head: config of :class:`InstanceCascade`.
        cost: config of :class:`InstanceCost`, for matching.
        loss_weights: see :class:`InstanceLossWeights`.
        consistent: temporally consistent matching (Sec. 3.3); ``False`` matches every frame anew (Table 2a, row B).
        visible_thr: a slot is visible in a frame where its best class score reaches it.
        kwargs: backbone, neck, score_reduction, data_preprocessor, init_cfg; see :class:`VideoModel`.
    """

    classifier: ClassVar[tuple[str, ...]] = ("head.stages.*.fc_cls.*",)
    parts = VideoModel.parts | dict(mask=("head.segment", "head.mask_features"))

    def __init__(
        self, head: dict, cost: dict | None = None, loss_weights: dict | None = None, consistent: bool = True,
        visible_thr: float = 0.1, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(window=1, **kwargs)
        self.head: InstanceCascade = MODELS.build(head)
        self.cost: InstanceCost = TASK_UTILS.build(cost or dict(type="InstanceCost"))
        self.loss_weights = InstanceLossWeights(**(loss_weights or {}))
        self.consistent = consistent
        self.visible_thr = visible_thr

    @property
    def num_classes(self) -> int:
        """K."""
        return self.head.num_classes

    # training

    def new_matchers(self, number: int) -> list[TemporalMatcher]:
        """A matcher for each of so many samples."""
        return [TemporalMatcher(self.cost, self.head.num_queries, self.consistent) for _ in range(number)]

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

    def forward_window(self, frames: Tensor, sizes: Tensor, carried: Propagated) -> tuple[FrameOutput, Propagated]:
        """See :meth:`VideoModel.forward_window`.

        Args:
            frames: (1,3,H,W) normalised and padded.
            sizes: (1,2) height and width in pixels without padding.
            carried: from the frame before.

        Returns:
            What the last stage says, and what the next frame starts from.
        """
        features = as_pyramid(self.extract_features(frames))
        (output,) = self.head(features, sizes, carried, last_only=True)
        return frame_output(output, self.mask_inputs(features, output)), self.head.carry(output, carried, sizes)

    def mask_inputs(self, features: Sequence[Tensor], output: StageOutput, m: int = -1) -> MaskInputs | None:
        """What the masks of stage ``m`` are made from, given the pyramid's levels (B,C,h,w); ``None`` without masks."""
        mask_features = self.head.mask_features(features)
        return None if mask_features is None else self.head.mask_inputs(mask_features, output, m)

    def detections(self, result: FrameOutput, geometry: FrameGeometry) -> Detections:
        """What a frame shows, in original pixels and with T = 1; a slot is a track."""
        visible = result.scores.amax(-1) >= self.visible_thr
        masks: list[list[RLE | None]] | None = None
        if result.masks is not None:
            masks = [[None] for _ in visible]
            logits = self.head.segment(result.masks, [visible])
            rles = encode_logits(logits, self.head.mask_stride, geometry)
            for i, rle in zip(visible.nonzero().squeeze(1).tolist(), rles, strict=True):
                masks[i] = [rle]
        return Detections(
            track_ids=list(range(len(visible))),
            scores=result.scores[:, None].cpu().numpy(),
            boxes=geometry.to_original(result.boxes)[:, None].cpu().numpy(),
            masks=masks,
            visible=visible[:, None].cpu().numpy(),
        )
