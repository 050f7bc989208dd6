"""One stage, or iteration, of the query-based models (EfficientVIS, Fig. 2; InsPro, Fig. 2b)."""

from typing import Any, NamedTuple

import torch
from mmcv.cnn.bricks.transformer import FFN
from mmengine.model import bias_init_with_prob
from torch import Tensor, nn

from mmvis_ext.models.mask.roi_mask_head import RoIMaskHead
from mmvis_ext.structures.boxes import apply_deltas

from .attention import FactorisedTemporoSpatialAttention
from .dynamic_conv import DynamicFilters, TemporalDynamicConv

__all__ = ["QueryStage", "QueryUpdate", "StageOutput", "TrackletStage"]

DELTA_STDS = (0.5, 0.5, 1.0, 1.0)  # as in Sparse R-CNN


class StageOutput(NamedTuple):
    """Predictions of one iteration for N tracklets.

    Attributes:
        class_logits: (B,N,T,K), one sigmoid per class and frame.
        boxes: (B,N,T,4) xyxy pixels, the refined proposals.
        queries: (B,N,T,C), the updated queries.
        proposals: (B,N,T,4) xyxy pixels, the boxes that RoI features were cropped with: the proposals, or windows
            around them, see :class:`QueryCascade`. EfficientVIS predicts masks on a grid inside them.
        filters: the dynamic filters generated from the queries; EfficientVIS's mask branch uses them too.
    """

    class_logits: Tensor
    boxes: Tensor
    queries: Tensor
    proposals: Tensor
    filters: DynamicFilters


class QueryUpdate(nn.Module):
    """Updates the queries with the tracklet features: flatten, FC, residual, LayerNorm, FFN.

    Layer names are those of mmdet's ``DIIHead`` and of the projection at the end of its ``DynamicConv``.

    Args:
        embed_dims: C.
        roi_size: S.
        feedforward_channels: hidden width of the FFN.
    """

    def __init__(self, embed_dims: int, roi_size: int, feedforward_channels: int) -> None:
        super().__init__()
        self.fc_layer = nn.Linear(embed_dims * roi_size**2, embed_dims)
        self.fc_norm = nn.LayerNorm(embed_dims)
        self.norm = nn.LayerNorm(embed_dims)
        self.ffn = FFN(embed_dims, feedforward_channels, act_cfg=dict(type="ReLU"))
        self.ffn_norm = nn.LayerNorm(embed_dims)

    def forward(self, queries: Tensor, features: Tensor) -> Tensor:
        """Queries (B,N,T,C) and tracklet features (B,N,T,C,S,S) -> (B,N,T,C)."""
        flat = features.movedim(3, -1).flatten(3)  # pixel by pixel, the order that Sparse R-CNN's weights expect
        update = torch.relu(self.fc_norm(self.fc_layer(flat)))
        queries = self.norm(queries + update)
        return self.ffn_norm(self.ffn(queries))


def _fcs(embed_dims: int, number: int) -> nn.Sequential:
    return nn.Sequential(
        *(
            layer
            for _ in range(number)
            for layer in (nn.Linear(embed_dims, embed_dims, bias=False), nn.LayerNorm(embed_dims), nn.ReLU())
        )
    )


class QueryStage(nn.Module):
    """One iteration, with its own weights and without masks: attention, dynamic convolution, query update, class, box.

    With T = 1, ``spatial`` attention and ``temporal_conv=False`` it computes the same as mmdet's ``DIIHead``, which is
    InsPro's dynamic instance interaction.

    Args:
        num_classes: K.
        embed_dims: C.
        num_heads: heads of each attention.
        feat_channels: inner channels of the dynamic filters; ``None`` is C/4.
        feedforward_channels: hidden width of the FFN.
        roi_size: S.
        attention: ``mode`` of :class:`FactorisedTemporoSpatialAttention` (EfficientVIS, Table 1a).
        temporal_first: see :class:`FactorisedTemporoSpatialAttention`.
        temporal_conv: ``temporal`` of :class:`TemporalDynamicConv` (EfficientVIS, Table 1b).
    """

    def __init__(
        self, num_classes: int, embed_dims: int, num_heads: int = 8, feat_channels: int | None = None,
        feedforward_channels: int = 2048, roi_size: int = 7, attention: str = "factorised",
        temporal_first: bool = True, temporal_conv: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.attention = FactorisedTemporoSpatialAttention(embed_dims, num_heads, attention, temporal_first)
        self.dynamic_conv = TemporalDynamicConv(embed_dims, feat_channels, temporal_conv)
        self.update = QueryUpdate(embed_dims, roi_size, feedforward_channels)
        self.cls_fcs = _fcs(embed_dims, 1)
        self.fc_cls = nn.Linear(embed_dims, num_classes)
        self.reg_fcs = _fcs(embed_dims, 3)
        self.fc_reg = nn.Linear(embed_dims, 4)

    def init_weights(self) -> None:
        """Initialise as in Sparse R-CNN: Xavier for all matrices, class probabilities near 0.01, zero box deltas."""
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
        nn.init.constant_(self.fc_cls.bias, bias_init_with_prob(0.01))
        nn.init.zeros_(self.fc_reg.weight)
        nn.init.zeros_(self.fc_reg.bias)

    def forward(self, queries: Tensor, proposals: Tensor, roi_features: Tensor) -> StageOutput:
        """Update the queries, and predict classes and boxes.

        Args:
            queries: (B,N,T,C).
            proposals: (B,N,T,4) xyxy pixels.
            roi_features: (B,N,T,C,S,S), cropped with the proposals.
        """
        queries = self.attention(queries)
        filters = self.dynamic_conv.filters(queries)
        queries = self.update(queries, self.dynamic_conv.apply_filters(filters, roi_features))
        deltas = self.fc_reg(self.reg_fcs(queries)).float()
        return StageOutput(
            class_logits=self.fc_cls(self.cls_fcs(queries)).float(),
            boxes=apply_deltas(proposals, deltas, DELTA_STDS),
            queries=queries,
            proposals=proposals,
            filters=filters,
        )


class TrackletStage(QueryStage):
    """A :class:`QueryStage` with the mask branch of EfficientVIS.

    Args:
        args: see :class:`QueryStage`.
        mask_convs: number of 3x3 convolutions of the mask head.
        kwargs: see :class:`QueryStage`.
    """

    def __init__(self, num_classes: int, embed_dims: int, *args: Any, mask_convs: int = 4, **kwargs: Any) -> None:
        super().__init__(num_classes, embed_dims, *args, **kwargs)
        self.mask_head = RoIMaskHead(embed_dims, mask_convs)

    def init_weights(self) -> None:
        super().init_weights()
        _, mask_bias = self.mask_head.logits.parameters()
        nn.init.zeros_(mask_bias)

    def segment(self, filters: DynamicFilters, roi_features: Tensor) -> Tensor:
        """Predict masks by applying the stage's dynamic filters to larger RoI features of the same proposals.

        Args:
            filters: the filters of the B*N*T queries, from :attr:`StageOutput.filters`.
            roi_features: (B,N,T,C,2S,2S).

        Returns:
            (B,N,T,4S,4S) logits.
        """
        return self.mask_head(self.dynamic_conv.apply_filters(filters, roi_features)).float()
