"""Segmentation of one frame (InsPro, Sec. 3.2 and 3.4): the base of four models that link frames in different ways."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

import torch
from torch import Tensor

from mmvis_ext.models.losses import InstanceLossWeights, count_entries, instance_losses
from mmvis_ext.models.mask import MaskInputs, encode_logits
from mmvis_ext.models.matching import InstanceCost, Matches, TemporalMatcher, match_frame
from mmvis_ext.models.query import InstanceCascade, Propagated, StageOutput, as_pyramid
from mmvis_ext.models.training_batch import TrainingBatch
from mmvis_ext.models.video_model import VideoModel
from mmvis_ext.registry import MODELS, TASK_UTILS
from mmvis_ext.structures.geometry import FrameGeometry
from mmvis_ext.structures.rle import RLE
from mmvis_ext.structures.stream import Detections
from mmvis_ext.structures.tracklets import Tracklets

__all__ = ["FrameOutput", "InstanceModel", "frame_output"]

State = TypeVar("State")


class FrameOutput(NamedTuple):
    """Predictions of the last stage for one frame.

    Attributes:
        scores: (N,K) class scores.
        boxes: (N,4) xyxy pixels of the network's input.
        masks: the tensors from which masks are computed; ``None`` in a model without masks.
        crops: (N,C,S,S) RoI features of the boxes, in the model that links detections by appearance; else ``None``.
    """

    scores: Tensor
    boxes: Tensor
    masks: MaskInputs | None
    crops: Tensor | None = None

    def take(self, slots: Tensor) -> "FrameOutput":
        """Select slots by their indices (n,) int64, in that order."""
        crops = None if self.crops is None else self.crops[slots]
        return FrameOutput(self.scores[slots], self.boxes[slots], self.masks and self.masks.pick(0, slots), crops)


def frame_output(output: StageOutput, masks: MaskInputs | None) -> FrameOutput:
    """A frame's predictions from a stage's output with B = T = 1 and the tensors from which masks are computed."""
    return FrameOutput(output.class_logits[0, :, 0].sigmoid(), output.boxes[0, :, 0], masks)


class InstanceModel(VideoModel[State]):
    """N slots, each of which predicts a class, a box and a mask (by conditional convolution) in M refining stages.

    A slot is the place of one of the N queries. What goes from a slot in one frame to the next frame is up to the
    subclass.

    Args:
        head: config of :class:`InstanceCascade`.
        cost: config of :class:`InstanceCost`, for matching.
        loss_weights: see :class:`InstanceLossWeights`.
        consistent: temporally consistent matching (Sec. 3.3); ``False`` matches every frame on its own (Table 2a, row
            B).
        visible_thr: a slot is visible in the frames where its best class score is at least this.
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
        """K, the number of classes."""
        return self.head.num_classes

    # training

    def new_matchers(self, number: int) -> list[TemporalMatcher]:
        """One matcher for each of ``number`` samples."""
        return [TemporalMatcher(self.cost, self.head.num_queries, self.consistent) for _ in range(number)]

    def mask_features(self, batch: TrainingBatch) -> Sequence[Tensor | None]:
        """Mask features of each of the T frames, (B,E,h,w); ``None`` each in a model without masks.

        The mask branch sees all B*T frames at once, so that its batch norm has the statistics of all of them.
        """
        features = self.head.mask_features(batch.features(0, batch.length))
        if features is None:
            return [None] * batch.length
        return features.unflatten(0, (len(batch), batch.length)).unbind(1)

    def frame_losses(
        self, mask_features: Tensor | None, outputs: list[StageOutput], targets: list[Tracklets], sizes: Tensor,
        matchers: Sequence[TemporalMatcher],
    ) -> dict[str, Tensor]:  # fmt: skip
        """Losses of every stage on one frame of each sample.

        Objects that are new in this frame are matched in each stage by that stage's own output, as in Sparse R-CNN. The
        slot that they get in the last stage, whose output goes on to the next frame, is the one that they keep.

        Args:
            mask_features: (B,E,h,w) of the frame; ``None`` in a model without masks.
            outputs: the outputs of the M stages of :class:`InstanceCascade`.
            targets: for each of B samples, its ground truth with T = 1.
            sizes: (B,2) height and width in pixels.
            matchers: one per sample; they remember the sample's frames so far.

        Returns:
            Loss terms as scalars (), named by stage and term, such as ``s0.loss_cls``.
        """
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
            output: the stage's output, with T = 1.
            mask_logits: (P,h,w) of the matched queries, sample by sample; ``None`` in a model without masks.
            matches: for each of B samples, the matched pairs.
            targets: for each of B samples, its ground truth with T = 1.
            sizes: (B,2) height and width in pixels.

        Returns:
            Loss terms as scalars (), by name.
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
            carried: queries, proposals and feature bank from the frame before.

        Returns:
            Predictions of the last stage, and what the next frame starts from.
        """
        features = as_pyramid(self.extract_features(frames))
        (output,) = self.head(features, sizes, carried, last_only=True)
        return frame_output(output, self.mask_inputs(features, output)), self.head.carry(output, carried, sizes)

    def mask_inputs(self, features: Sequence[Tensor], output: StageOutput, m: int = -1) -> MaskInputs | None:
        """The tensors from which the masks of stage ``m`` are computed; ``None`` in a model without masks.

        Args:
            features: pyramid levels, (B,C,h,w) each.
            output: the stage's output.
            m: the stage's index; -1 is the last.
        """
        mask_features = self.head.mask_features(features)
        return None if mask_features is None else self.head.mask_inputs(mask_features, output, m)

    def detections(self, result: FrameOutput, geometry: FrameGeometry) -> Detections:
        """Convert a frame's predictions to detections in original pixels, with T = 1 and the slots as track ids."""
        scores, boxes = result.scores.cpu(), geometry.to_original(result.boxes).cpu()
        visible = scores.amax(-1) >= self.visible_thr
        shown = visible.nonzero().squeeze(1)
        masks: list[list[RLE | None]] | None = None
        if result.masks is not None:
            masks = [[None] for _ in visible]
            logits = self.head.segment(result.masks, [shown.to(result.scores.device)])
            rles = encode_logits(logits, self.head.mask_stride, geometry)
            for i, rle in zip(shown.tolist(), rles, strict=True):
                masks[i] = [rle]
        return Detections(
            track_ids=list(range(len(visible))),
            scores=scores[:, None].numpy(),
            boxes=boxes[:, None].numpy(),
            masks=masks,
            visible=visible[:, None].numpy(),
        )
