"""The segmentation head of InsPro (Sec. 3.2) on one frame, and the propagation to the next frame (Sec. 3.1)."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from mmvis_ext.models.mask.dynamic_mask import DynamicMaskLayout, MaskInputs, dynamic_mask_conv, upsample_logits
from mmvis_ext.models.mask.mask_branch import MaskBranch
from mmvis_ext.registry import MODELS

from .cascade import QueryCascade
from .propagation import PROPAGATIONS, FeatureBank, IntraQueryAttention, Propagated, clip_to_frame
from .stage import QueryStage, StageOutput

__all__ = ["InstanceCascade"]

UPSAMPLING = 2  # factor by which mask logits are enlarged, as in CondInst


@MODELS.register_module()
class InstanceCascade(QueryCascade):
    """M stages of dynamic instance interaction on one frame, masks by conditional convolution, and propagation.

    A stage computes the same as mmdet's ``DIIHead``. It is built from the modules of EfficientVIS, so tensors inside
    have a time axis of length T = 1.

    Args:
        num_classes: K.
        roi_extractor: config of an mmdet RoI extractor with output side S.
        num_queries: N.
        num_stages: M.
        embed_dims: C, also the channels of the feature pyramid.
        mask_branch: arguments of :class:`MaskBranch` except ``in_channels`` and ``strides``; ``None`` for a model
            without masks (InsPro-VID).
        propagate: what goes to the next frame: ``both``, ``query``, ``proposal`` or ``none`` (Table 2a).
        bank_length: L, length of the feature bank; 1 switches intra-query attention off.
        initial_boxes: see :class:`QueryCascade`.
        stage: further arguments of :class:`QueryStage`, the same for all M.

    Raises:
        ValueError: ``propagate`` is unknown, or ``bank_length`` is below 1.
    """

    def __init__(
        self, num_classes: int, roi_extractor: dict, num_queries: int = 100, num_stages: int = 6,
        embed_dims: int = 256, mask_branch: dict | None = None, propagate: str = "both", bank_length: int = 18,
        initial_boxes: str = "image", **stage: Any,
    ) -> None:  # fmt: skip
        if propagate not in PROPAGATIONS:
            raise ValueError(f"propagate={propagate!r} is unknown; choose one of {PROPAGATIONS}.")
        if bank_length < 1:
            raise ValueError(f"bank_length={bank_length} must be at least 1, which switches the bank off.")
        extractor = MODELS.build(roi_extractor)
        side = extractor.roi_layers[0].output_size[0]
        stages = [
            QueryStage(num_classes, embed_dims, roi_size=side, attention="spatial", temporal_conv=False, **stage)
            for _ in range(num_stages)
        ]
        super().__init__(stages, extractor, num_queries, embed_dims, initial_boxes=initial_boxes)
        self.num_classes, self.propagate, self.bank_length = num_classes, propagate, bank_length
        attends = bank_length > 1 and propagate in ("both", "query")  # it only serves to compute propagated queries
        self.intra_query_attention = IntraQueryAttention(embed_dims) if attends else None
        self.mask_branch = None
        if mask_branch is not None:
            self.mask_branch = MaskBranch(embed_dims, extractor.featmap_strides, **mask_branch)
            self.mask_weights = nn.ModuleList(self.new_generator() for _ in range(num_stages))

    def new_generator(self) -> nn.Linear:
        """A new linear layer that maps an object feature (N,C) to the weights of the instance's mask convolutions."""
        assert self.mask_branch is not None
        layer = nn.Linear(self.embed_dims, DynamicMaskLayout(self.mask_branch.out_channels).count)
        nn.init.normal_(layer.weight, std=0.01)
        nn.init.zeros_(layer.bias)
        return layer

    @property
    def mask_stride(self) -> int:
        """Input pixels per mask logit; a model without masks has no such attribute."""
        if self.mask_branch is None:
            raise AttributeError("A model without masks has no mask_stride.")
        return self.mask_branch.mask_stride // UPSAMPLING

    # one frame

    def start(self, sizes: Tensor) -> Propagated:
        """What a video's first frame starts from: q_init, p_init and an empty bank.

        Args:
            sizes: (B,2) height and width in pixels of the frames without padding.
        """
        queries = self.initial.queries.expand(len(sizes), -1, -1)
        if not torch.is_grad_enabled():
            queries = queries.detach()  # expand() of a weight has requires_grad=True even under no_grad
        bank = None if self.intra_query_attention is None else FeatureBank.empty(queries, self.bank_length)
        return Propagated(queries, self.initial.proposals(sizes, 1)[:, :, 0], bank)

    def forward(
        self, features: Sequence[Tensor], sizes: Tensor, carried: Propagated, last_only: bool = False
    ) -> list[StageOutput]:
        """Run the M stages on one frame.

        Args:
            features: pyramid levels, (B,C,h,w) each.
            sizes: (B,2) height and width in pixels of the frames without padding.
            carried: queries, proposals and feature bank from the frame before.
            last_only: return the output of the last stage only, so that the others need not be kept in memory.

        Returns:
            The outputs of the M stages, or of the last one only, with T = 1.
        """
        return self.iterate(features, sizes, carried.queries[:, :, None], carried.boxes[:, :, None], last_only)

    def carry(self, output: StageOutput, carried: Propagated, sizes: Tensor) -> Propagated:
        """What the next frame starts from (Sec. 3.1).

        Proposals are clipped to the frame and detached, queries are not detached (the paper leaves this open).

        Args:
            output: the output of the last stage.
            carried: what this frame started from.
            sizes: (B,2) height and width in pixels.
        """
        start = self.start(sizes)
        features, bank = output.queries[:, :, 0], carried.bank
        queries = start.queries
        if self.propagate in ("both", "query"):
            queries = features
            if self.intra_query_attention is not None and bank is not None:
                bank = bank.push(features)
                queries = self.intra_query_attention(features, bank.features, bank.valid)
        boxes = start.boxes
        if self.propagate in ("both", "proposal"):
            boxes = clip_to_frame(output.boxes[:, :, 0].detach(), sizes)
        return Propagated(queries, boxes, bank)

    # masks

    def mask_features(self, features: Sequence[Tensor]) -> Tensor | None:
        """Mask features (B,E,h,w) from the pyramid's levels (B,C,h',w'); ``None`` in a model without masks."""
        return None if self.mask_branch is None else self.mask_branch(features)

    def mask_inputs(
        self, mask_features: Tensor, output: StageOutput, m: int = -1, generator: nn.Module | None = None
    ) -> MaskInputs:
        """The tensors from which a stage's masks are computed; its predicted boxes give the coordinates' origins.

        Args:
            mask_features: (B,E,h,w).
            output: the stage's output.
            m: the stage's index; -1 is the last.
            generator: the layer that generates the mask convolutions, if not the stage's own; see
                :meth:`new_generator`.
        """
        generator = self.mask_weights[m] if generator is None else generator
        boxes = output.boxes[:, :, 0].detach()
        return MaskInputs(mask_features, (boxes[..., :2] + boxes[..., 2:]) / 2, generator(output.queries[:, :, 0]))

    def segment(self, inputs: MaskInputs, pick: Sequence[Tensor]) -> Tensor:
        """Compute the masks of selected queries.

        Args:
            inputs: see :meth:`mask_inputs`.
            pick: for each of the B samples, the selected queries as (P_b,) int64 indices, or for a single sample an
                (N,) bool mask.

        Returns:
            (P,2h,2w) logits, one per :attr:`mask_stride` input pixels along each axis, sample by sample.
        """
        assert self.mask_branch is not None
        stride = self.mask_branch.mask_stride
        if len(pick) == 1:
            (logits,) = dynamic_mask_conv(*inputs.pick(0, pick[0]), stride)
        else:  # all samples at once, each with as many places as the largest selection has
            samples = [b for b, chosen in enumerate(pick) for _ in range(len(chosen))]
            places = [place for chosen in pick for place in range(len(chosen))]
            padded = pad_sequence(list(pick), batch_first=True)
            logits = dynamic_mask_conv(*inputs.pick_each(padded), stride)[samples, places]
        return upsample_logits(logits[None], UPSAMPLING)[0]
