"""The M iterations of EfficientVIS over one clip, with masks (Sec. 3.1)."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mmvis_ext.registry import MODELS

from .cascade import QueryCascade
from .dynamic_conv import DynamicFilters
from .roi import boxes_to_rois
from .stage import QueryStage, StageOutput, TrackletStage

__all__ = ["TrackletCascade"]


@MODELS.register_module()
class TrackletCascade(QueryCascade):
    """M iterations that refine tracklet queries and proposals on one clip.

    Args:
        num_classes: K.
        roi_extractor: config of an mmdet RoI extractor with output side S.
        mask_roi_extractor: that of the mask branch; ``None`` is the same with side 2S. A larger ``finest_scale`` lets
            it read finer levels of the pyramid than the stages do.
        num_queries: N.
        num_iterations: M.
        embed_dims: C, also the channels of the feature pyramid.
        time_shared: one embedding per tracklet instead of T (Table 1f): the embeddings of a query are averaged over
            time after each iteration.
        context: see :class:`QueryCascade`; masks are predicted in the same windows.
        initial_boxes: see :class:`QueryCascade`.
        stage: further arguments of :class:`TrackletStage`, the same for all M.
    """

    def __init__(
        self, num_classes: int, roi_extractor: dict, mask_roi_extractor: dict | None = None, num_queries: int = 10,
        num_iterations: int = 6, embed_dims: int = 256, time_shared: bool = False, context: float = 1.0,
        initial_boxes: str = "image", **stage: Any,
    ) -> None:  # fmt: skip
        extractor = MODELS.build(roi_extractor)
        side = extractor.roi_layers[0].output_size[0]
        stages = [TrackletStage(num_classes, embed_dims, roi_size=side, **stage) for _ in range(num_iterations)]
        super().__init__(stages, extractor, num_queries, embed_dims, context, initial_boxes)
        if mask_roi_extractor is None:
            mask_layer = dict(roi_extractor["roi_layer"], output_size=2 * side)
            mask_roi_extractor = dict(roi_extractor, roi_layer=mask_layer)
        self.mask_roi_extractor = MODELS.build(mask_roi_extractor)
        self.num_classes, self.time_shared = num_classes, time_shared

    def forward(
        self, features: Sequence[Tensor], sizes: Tensor, queries: Tensor | None = None, last_only: bool = False
    ) -> list[StageOutput]:
        """Run the M iterations on B clips, starting from the learned proposals b*.

        Args:
            features: pyramid levels, (B*T, C, h, w) each.
            sizes: (B,2) height and width in pixels of each clip's frames without padding.
            queries: (B,N,C) initial queries, repeated over time; ``None`` takes the learned q*.
            last_only: return the output of the last iteration only, so that the others need not be kept in memory.

        Returns:
            The outputs of the M iterations, or of the last one only.
        """
        b = len(sizes)
        t = len(features[0]) // b
        queries = self.initial.queries.expand(b, -1, -1) if queries is None else queries
        queries = queries[:, :, None].expand(-1, -1, t, -1)
        return self.iterate(features, sizes, queries, self.initial.proposals(sizes, t), last_only)

    def look(
        self, stage: QueryStage, features: Sequence[Tensor], sizes: Tensor, queries: Tensor, boxes: Tensor
    ) -> StageOutput:
        output = super().look(stage, features, sizes, queries, boxes)
        if self.time_shared:
            output = output._replace(queries=output.queries.mean(dim=2, keepdim=True).expand_as(output.queries))
        return output

    def segment(
        self, features: Sequence[Tensor], output: StageOutput, m: int = -1, pick: Sequence[Tensor] | None = None
    ) -> Tensor:
        """Predict the masks of one iteration, each on a grid inside its proposal.

        Args:
            features: as in :meth:`forward`.
            output: the iteration's output.
            m: the iteration's index; -1 is the last.
            pick: for each of the B clips, the indices (P_b,) int64 of the queries to segment; ``None`` for all.

        Returns:
            (B,N,T,s,s) logits, or with ``pick`` (P,T,s,s), clip by clip; s is twice the mask extractor's side, 4S if
            that is not set.
        """
        rois, filters = boxes_to_rois(output.proposals), output.filters
        if pick is not None:
            clip = torch.cat([torch.full_like(p, b) for b, p in enumerate(pick)])
            query = torch.cat(list(pick))
            rois, filters = rois[None, clip, query], DynamicFilters(*(f[None, clip, query] for f in filters))
        crops = self.mask_roi_extractor(features, rois.flatten(0, 2))
        stage = self.stage(m)
        assert isinstance(stage, TrackletStage)
        logits = stage.segment(filters, crops.unflatten(0, rois.shape[:3]))
        return logits if pick is None else logits[0]
