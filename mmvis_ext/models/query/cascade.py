"""Queries and proposals that look at frames M times: the trunk of EfficientVIS (Sec. 3.1) and of InsPro (Sec. 3.2)."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from .initial import InitialQueries
from .roi import boxes_to_rois
from .stage import QueryStage, StageOutput

__all__ = ["QueryCascade", "near_frame"]


def near_frame(boxes: Tensor, sizes: Tensor) -> Tensor:
    """Hold (B,N,T,4) boxes within one frame's size around frames of ``sizes`` (B,2), finite and in order.

    RoI operators fail on boxes that are not finite or turned inside out, as a diverged model's are, and their time and
    memory grow with a box's size, which one wrong delta multiplies by sixty.
    """
    whwh = sizes.flip(-1).repeat(1, 2)[:, None, None]
    low, high = torch.minimum(torch.maximum(boxes.nan_to_num(), -whwh), 2 * whwh).split(2, dim=-1)
    return torch.cat([low, torch.maximum(low, high)], dim=-1)


class QueryCascade(BaseModule):
    """M stages, each of which crops RoI features with the boxes of the one before.

    Args:
        stages: M of them.
        roi_extractor: mmdet's, of side S.
        num_queries: N.
        embed_dims: C; the channels of the feature pyramid.
    """

    def __init__(
        self, stages: Sequence[QueryStage], roi_extractor: nn.Module, num_queries: int, embed_dims: int
    ) -> None:
        super().__init__()
        self.num_queries, self.embed_dims = num_queries, embed_dims
        self.initial = InitialQueries(num_queries, embed_dims)
        self.roi_extractor = roi_extractor
        self.stages = nn.ModuleList(stages)

    def init_weights(self) -> None:
        """Initial queries and proposals, and each stage's weights."""
        super().init_weights()
        self.initial.init_weights()
        for m in range(len(self.stages)):
            self.stage(m).init_weights()

    def stage(self, m: int) -> QueryStage:
        """The ``m``-th stage, from 0; -1 is the last."""
        stage = self.stages[m]
        assert isinstance(stage, QueryStage)  # a ModuleList does not say what it holds
        return stage

    def iterate(
        self, features: Sequence[Tensor], sizes: Tensor, queries: Tensor, boxes: Tensor, last_only: bool = False
    ) -> list[StageOutput]:
        """Look M times. Boxes are detached between stages, queries are not.

        Args:
            features: pyramid levels, (B*T, C, h, w) each.
            sizes: (B,2) height and width in pixels of each clip's frames without padding.
            queries: (B,N,T,C).
            boxes: (B,N,T,4) xyxy pixels, the proposals of the first stage.
            last_only: return the last stage's output alone, so that nothing of the others is kept.

        Returns:
            M outputs, or the last.
        """
        outputs: list[StageOutput] = []
        for m in range(len(self.stages)):
            output = self.look(self.stage(m), features, sizes, queries, boxes)
            outputs = [output] if last_only else [*outputs, output]
            queries, boxes = output.queries, output.boxes.detach()
        return outputs

    def look(
        self, stage: QueryStage, features: Sequence[Tensor], sizes: Tensor, queries: Tensor, boxes: Tensor
    ) -> StageOutput:
        """One stage on the RoI features of its proposals.

        Args:
            stage: which.
            features: pyramid levels, (B*T, C, h, w) each.
            sizes: (B,2) height and width in pixels of each clip's frames without padding.
            queries: (B,N,T,C).
            boxes: (B,N,T,4) xyxy pixels, the proposals; they are held near the frame.
        """
        proposals = near_frame(boxes, sizes)
        crops = self.roi_extractor(features, boxes_to_rois(proposals).flatten(0, 2))
        return stage(queries, proposals, crops.unflatten(0, boxes.shape[:3]))
