"""Learned initial queries and proposals (EfficientVIS, Sec. 3.1, "Initial Tracklet Query and Proposal")."""

import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from torch import Tensor, nn

__all__ = ["InitialQueries"]


class InitialQueries(nn.Module):
    """Learned initial queries q* (N,C) and proposals b* (N,4), the inputs of the first iteration.

    Layer names are those of mmdet's ``EmbeddingRPNHead``, so its weights can be loaded.

    Args:
        num_queries: N.
        embed_dims: C.
    """

    def __init__(self, num_queries: int, embed_dims: int) -> None:
        super().__init__()
        self.init_proposal_bboxes = nn.Embedding(num_queries, 4)  # normalised cxcywh
        self.init_proposal_features = nn.Embedding(num_queries, embed_dims)

    def init_weights(self) -> None:
        """Set all proposals to the whole image; queries keep the normal distribution of ``nn.Embedding``."""
        with torch.no_grad():
            self.init_proposal_bboxes.weight.copy_(torch.tensor([0.5, 0.5, 1.0, 1.0]))

    @property
    def queries(self) -> Tensor:
        """The initial queries q*, (N,C)."""
        return self.init_proposal_features.weight

    def proposals(self, sizes: Tensor, length: int) -> Tensor:
        """The initial proposals b*, scaled to pixels and repeated for every frame.

        Args:
            sizes: (B,2) height and width in pixels of each clip's frames without padding.
            length: T.

        Returns:
            (B,N,T,4) xyxy pixels.
        """
        whwh = sizes.flip(-1).repeat(1, 2)[:, None]  # (B,1,4)
        boxes = bbox_cxcywh_to_xyxy(self.init_proposal_bboxes.weight) * whwh
        return boxes[:, :, None].expand(-1, -1, length, -1)
