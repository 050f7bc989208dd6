"""The segmentation head of InsPro (Sec. 3.2): dynamic instance interaction on one frame, and what goes to the next."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mmvis_ext.models.mask.dynamic_mask import DynamicMaskLayout, MaskInputs, dynamic_mask_conv, upsample_logits
from mmvis_ext.models.mask.mask_branch import MaskBranch
from mmvis_ext.registry import MODELS

from .cascade import QueryCascade
from .propagation import PROPAGATIONS, FeatureBank, IntraQueryAttention, Propagated, clip_to_frame
from .stage import QueryStage, StageOutput

__all__ = ["InstanceCascade"]

UPSAMPLING = 2  # of mask logits, as in CondInst


@MODELS.register_module()
class InstanceCascade(QueryCascade):
    """Instance queries and proposals on one frame: M stages, masks by conditional convolution, propagation.

    A stage is mmdet's ``DIIHead``. Its tensors have a time axis of length one, so that it is made of the parts that
    EfficientVIS uses.

    Args:
        num_classes: K.
        roi_extractor: config of an mmdet RoI extractor of side S.
        num_queries: N.
        num_stages: M.
        embed_dims: C; the channels of the feature pyramid.
        num_heads: of the self-attention.
        feat_channels: inner channels of the dynamic filters; ``None`` is C/4.
        feedforward_channels: hidden width of each FFN.
        mask_branch: arguments of :class:`MaskBranch` but the pyramid's; ``None`` gives boxes alone (InsPro-VID).
        propagate: ``both``, ``query``, ``proposal`` or ``none`` (Table 2a).
        bank_length: L; 1 switches intra-query attention off.

    Raises:
        ValueError: ``propagate`` is unknown, or ``bank_length`` is below 1.
    """

    def __init__(
        self, num_classes: int, roi_extractor: dict, num_queries: int = 100, num_stages: int = 6,
        embed_dims: int = 256, num_heads: int = 8, feat_channels: int | None = None, feedforward_channels: int = 2048,
        mask_branch: dict | None = None, propagate: str = "both", bank_length: int = 18,
    ) -> None:  # fmt: skip
        if propagate not in PROPAGATIONS:
            raise ValueError(f"propagate={propagate!r} is unknown; choose one of {PROPAGATIONS}.")
        if bank_length < 1:
            raise ValueError(f"bank_length={bank_length} must be at least 1, which switches the bank off.")
        extractor = MODELS.build(roi_extractor)
        side = extractor.roi_layers[0].output_size[0]
        stages = [
            QueryStage(
                num_classes, embed_dims, num_heads, feat_channels, feedforward_channels, side,
                attention="spatial", temporal_conv=False,
            )
            for _ in range(num_stages)
        ]  # fmt: skip
        super().__init__(stages, extractor, num_queries, embed_dims)
        self.num_classes, self.propagate, self.bank_length = num_classes, propagate, bank_length
        attends = bank_length > 1 and propagate in ("both", "query")  # it makes the queries that are propagated
        self.intra_query_attention = IntraQueryAttention(embed_dims) if attends else None
        self.mask_branch = None
        if mask_branch is not None:
            self.mask_branch = MaskBranch(embed_dims, extractor.featmap_strides, **mask_branch)
            self.mask_weights = nn.ModuleList(self.new_generator() for _ in range(num_stages))

    def new_generator(self) -> nn.Linear:
        """A layer that makes an instance's mask convolutions from its object feature."""
        assert self.mask_branch is not None
        layer = nn.Linear(self.embed_dims, DynamicMaskLayout(self.mask_branch.out_channels).count)
        nn.init.normal_(layer.weight, std=0.01)
        nn.init.zeros_(layer.bias)
        return layer

    @property
    def mask_stride(self) -> int:
        """Input pixels between two mask logits."""
        assert self.mask_branch is not None
        return self.mask_branch.mask_stride // UPSAMPLING

    # one frame

    def start(self, sizes: Tensor) -> Propagated:
        """What a video's first frame starts from: q_init, p_init and an empty bank.

        Args:
            sizes: (B,2) height and width in pixels of the frames without padding.
        """
        queries = self.initial.queries.expand(len(sizes), -1, -1)
        if not torch.is_grad_enabled():
            queries = queries.detach()  # a view of a weight still asks for a gradient
        bank = None if self.intra_query_attention is None else FeatureBank.empty(queries, self.bank_length)
        return Propagated(queries, self.initial.proposals(sizes, 1)[:, :, 0], bank)

    def forward(
        self, features: Sequence[Tensor], sizes: Tensor, carried: Propagated, last_only: bool = False
    ) -> list[StageOutput]:
        """Look at a frame M times.

        Args:
            features: pyramid levels, (B,C,h,w) each.
            sizes: (B,2) height and width in pixels of the frames without padding.
            carried: from the frame before.
            last_only: return the last stage alone, so that nothing of the others is kept.

        Returns:
            M outputs with T = 1, or the last.
        """
        return self.iterate(features, sizes, carried.queries[:, :, None], carried.boxes[:, :, None], last_only)

    def carry(self, output: StageOutput, carried: Propagated, sizes: Tensor) -> Propagated:
        """What the next frame starts from (Sec. 3.1).

        Proposals are clipped to the frame and detached, queries are not detached (the paper leaves this open).

        Args:
            output: of the last stage.
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
        """(B,E,h,w) from the pyramid's levels, (B,C,h',w') each; ``None`` without masks."""
        return None if self.mask_branch is None else self.mask_branch(features)

    def mask_inputs(
        self, mask_features: Tensor, output: StageOutput, m: int = -1, generator: nn.Module | None = None
    ) -> MaskInputs:
        """What a stage's masks are made from, with relative coordinates from its predicted boxes.

        Args:
            mask_features: (B,E,h,w).
            output: of the stage.
            m: which stage it was.
            generator: in place of that stage's layer, see :meth:`new_generator`.
        """
        generator = self.mask_weights[m] if generator is None else generator
        boxes = output.boxes[:, :, 0].detach()
        return MaskInputs(mask_features, (boxes[..., :2] + boxes[..., 2:]) / 2, generator(output.queries[:, :, 0]))

    def segment(self, inputs: MaskInputs, pick: Sequence[Tensor]) -> Tensor:
        """Masks of some queries.

        Args:
            inputs: of :meth:`mask_inputs`.
            pick: the queries wanted of each of the B frames, (P_b,) int64 or (N,) bool each.

        Returns:
            (P,2h,2w) logits, :attr:`mask_stride` input pixels apart, frame after frame.
        """
        assert self.mask_branch is not None
        stride = self.mask_branch.mask_stride
        logits = [dynamic_mask_conv(*inputs.pick(b, p), stride)[0] for b, p in enumerate(pick)]
        return upsample_logits(torch.cat(logits)[None], UPSAMPLING)[0]
