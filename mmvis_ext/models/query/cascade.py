"""The M iterations over one clip (EfficientVIS, Sec. 3.1)."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvis_ext.registry import MODELS

from .dynamic_conv import DynamicFilters
from .initial import InitialTracklets
from .roi import boxes_to_rois
from .stage import StageOutput, TrackletStage

__all__ = ["TrackletCascade"]


def near_frame(boxes: Tensor, sizes: Tensor) -> Tensor:
    """Hold (B,N,T,4) boxes within one frame's size around frames of ``sizes`` (B,2), finite and in order.

    RoI operators fail on boxes that are not finite or turned inside out, as a diverged model's are, and their time and
    memory grow with a box's size, which one wrong delta multiplies by sixty.
    """
    whwh = sizes.flip(-1).repeat(1, 2)[:, None, None]
    low, high = torch.minimum(torch.maximum(boxes.nan_to_num(), -whwh), 2 * whwh).split(2, dim=-1)
    return torch.cat([low, torch.maximum(low, high)], dim=-1)


@MODELS.register_module()
class TrackletCascade(BaseModule):
    """Tracklet queries and proposals that look at a clip M times.

    Args:
        num_classes: K.
        roi_extractor: config of an mmdet RoI extractor; its side is S, the mask branch uses 2S.
        num_queries: N.
        num_iterations: M.
        embed_dims: C; the channels of the feature pyramid.
        num_heads: of each attention.
        feat_channels: inner channels of the dynamic filters; ``None`` is C/4.
        feedforward_channels: hidden width of each FFN.
        mask_convs: convolutions of each mask head.
        attention: ``factorised``, ``spatial``, ``temporal`` or ``joint`` (Table 1a).
        temporal_first: order of the factorised attentions.
        temporal_conv: ``False`` for the still-image dynamic convolution (Table 1b).
        time_shared: one embedding per tracklet instead of T (Table 1f): the embeddings of a query are averaged over
            time after each iteration.
    """

    def __init__(
        self, num_classes: int, roi_extractor: dict, num_queries: int = 10, num_iterations: int = 6,
        embed_dims: int = 256, num_heads: int = 8, feat_channels: int | None = None, feedforward_channels: int = 2048,
        mask_convs: int = 4, attention: str = "factorised", temporal_first: bool = True, temporal_conv: bool = True,
        time_shared: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.num_classes, self.embed_dims, self.time_shared = num_classes, embed_dims, time_shared
        self.initial = InitialTracklets(num_queries, embed_dims)
        self.roi_extractor = MODELS.build(roi_extractor)
        side = self.roi_extractor.roi_layers[0].output_size[0]
        mask_layer = dict(roi_extractor["roi_layer"], output_size=2 * side)
        self.mask_roi_extractor = MODELS.build(dict(roi_extractor, roi_layer=mask_layer))
        self.stages = nn.ModuleList(
            TrackletStage(
                num_classes, embed_dims, num_heads, feat_channels, feedforward_channels, side, mask_convs, attention,
                temporal_first, temporal_conv,
            )
            for _ in range(num_iterations)
        )  # fmt: skip

    def init_weights(self) -> None:
        super().init_weights()
        self.initial.init_weights()
        for m in range(len(self.stages)):
            self._stage(m).init_weights()

    def _stage(self, m: int) -> TrackletStage:
        stage = self.stages[m]
        assert isinstance(stage, TrackletStage)  # a ModuleList does not say what it holds
        return stage

    def forward(
        self, features: Sequence[Tensor], sizes: Tensor, queries: Tensor | None = None, last_only: bool = False
    ) -> list[StageOutput]:
        """Look at a clip M times.

        Args:
            features: pyramid levels, (B*T, C, h, w) each.
            sizes: (B,2) height and width in pixels of each clip's frames without padding.
            queries: (B,N,C) initial queries; ``None`` takes q*. They are repeated over time.
            last_only: return the last iteration alone, so that nothing of the others is kept.

        Returns:
            M outputs, or the last.
        """
        b = len(sizes)
        t = len(features[0]) // b
        queries = self.initial.queries.expand(b, -1, -1) if queries is None else queries
        queries = queries[:, :, None].expand(-1, -1, t, -1)
        boxes = self.initial.proposals(sizes, t)
        outputs: list[StageOutput] = []
        for stage in self.stages:
            proposals = near_frame(boxes, sizes)
            crops = self.roi_extractor(features, boxes_to_rois(proposals).flatten(0, 2))
            output = stage(queries, proposals, crops.unflatten(0, boxes.shape[:3]))
            if self.time_shared:
                shared = output.queries.mean(dim=2, keepdim=True).expand(-1, -1, t, -1)
                output = output._replace(queries=shared)
            outputs = [output] if last_only else [*outputs, output]
            queries, boxes = output.queries, output.boxes.detach()
        return outputs

    def segment(
        self, features: Sequence[Tensor], output: StageOutput, m: int = -1, pick: Sequence[Tensor] | None = None
    ) -> Tensor:
        """Masks of one iteration.

        Args:
            features: as in :meth:`forward`.
            output: of the iteration.
            m: which iteration it was.
            pick: the queries wanted of each of the B clips, (P_b,) int64 each; ``None`` takes all.

        Returns:
            (B,N,T,4S,4S) logits inside the proposals, or (P,T,4S,4S) of the picked ones, clip after clip.
        """
        rois, filters = boxes_to_rois(output.proposals), output.filters
        if pick is not None:
            clip = torch.cat([torch.full_like(p, b) for b, p in enumerate(pick)])
            query = torch.cat(list(pick))
            rois, filters = rois[None, clip, query], DynamicFilters(*(f[None, clip, query] for f in filters))
        crops = self.mask_roi_extractor(features, rois.flatten(0, 2))
        logits = self._stage(m).segment(filters, crops.unflatten(0, rois.shape[:3]))
        return logits if pick is None else logits[0]
