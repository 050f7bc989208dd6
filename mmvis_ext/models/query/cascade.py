"""M stages that refine queries and proposals: what EfficientVIS (Sec. 3.1) and InsPro (Sec. 3.2) have in common."""

from collections.abc import Sequence

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from mmvis_ext.utils.errors import InputError

from .initial import InitialQueries
from .roi import boxes_to_rois, grown
from .stage import QueryStage, StageOutput

__all__ = ["QueryCascade", "near_frame"]


def near_frame(boxes: Tensor, sizes: Tensor) -> Tensor:
    """Limit xyxy boxes to the frame plus a margin of one frame size on each side, and make them finite and ordered.

    RoI operators fail on boxes that are not finite or have x2 < x1, as happens when a model diverges. Their time and
    memory grow with the size of the boxes, and a single wrong delta can enlarge a box sixtyfold.

    Args:
        boxes: (B,N,T,4) xyxy pixels.
        sizes: (B,2) height and width in pixels of the frames without padding.

    Returns:
        (B,N,T,4) xyxy pixels, x from -W to 2W and y from -H to 2H.
    """
    whwh = sizes.flip(-1).repeat(1, 2)[:, None, None]
    low, high = torch.minimum(torch.maximum(boxes.nan_to_num(), -whwh), 2 * whwh).split(2, dim=-1)
    return torch.cat([low, torch.maximum(low, high)], dim=-1)


class QueryCascade(BaseModule):
    """M stages, each of which crops RoI features with the boxes that the stage before it predicted.

    Args:
        stages: the M stages.
        roi_extractor: an mmdet RoI extractor with output side S.
        num_queries: N.
        embed_dims: C, also the channels of the feature pyramid.
        context: RoI features are cropped with windows this many times as wide and high as the proposals, about their
            centres, so that a stage also sees the part of an object that its proposal cuts off; the papers have 1.
        initial_boxes: ``boxes`` of :class:`InitialQueries`.

    Raises:
        InputError: ``context`` is below 1.
    """

    def __init__(
        self, stages: Sequence[QueryStage], roi_extractor: nn.Module, num_queries: int, embed_dims: int,
        context: float = 1.0, initial_boxes: str = "image",
    ) -> None:  # fmt: skip
        super().__init__()
        if not context >= 1:
            raise InputError(
                f"context={context} must be at least 1, the proposals themselves; correct the head's config."
            )
        self.context = context
        self.num_queries, self.embed_dims = num_queries, embed_dims
        self.initial = InitialQueries(num_queries, embed_dims, initial_boxes)
        self.roi_extractor = roi_extractor
        self.stages = nn.ModuleList(stages)

    def init_weights(self) -> None:
        """Initialise the initial queries and proposals, and each stage."""
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
        """Run the M stages. Boxes are detached between stages, queries are not.

        Args:
            features: pyramid levels, (B*T, C, h, w) each.
            sizes: (B,2) height and width in pixels of each clip's frames without padding.
            queries: (B,N,T,C).
            boxes: (B,N,T,4) xyxy pixels, the proposals of the first stage.
            last_only: return the output of the last stage only, so that the others need not be kept in memory.

        Returns:
            The outputs of the M stages, or of the last one only.
        """
        outputs: list[StageOutput] = []
        for m in range(len(self.stages)):
            output = self.look(self.stage(m), features, sizes, queries, boxes)
            queries, boxes = output.queries, output.boxes.detach()
            if not last_only or m == len(self.stages) - 1:
                outputs.append(output)
            del output  # its filters are large, and the next stage makes its own
        return outputs

    def look(
        self, stage: QueryStage, features: Sequence[Tensor], sizes: Tensor, queries: Tensor, boxes: Tensor
    ) -> StageOutput:
        """Run one stage on the RoI features of its proposals.

        Args:
            stage: the stage to run.
            features: pyramid levels, (B*T, C, h, w) each.
            sizes: (B,2) height and width in pixels of each clip's frames without padding.
            queries: (B,N,T,C).
            boxes: (B,N,T,4) xyxy pixels, the proposals; limited by :func:`near_frame` first.
        """
        proposals = near_frame(boxes, sizes)
        windows = proposals if self.context == 1 else grown(proposals, self.context)
        crops = self.roi_extractor(features, boxes_to_rois(windows).flatten(0, 2))
        output = stage(queries, proposals, crops.unflatten(0, boxes.shape[:3]))
        return output._replace(proposals=windows)
