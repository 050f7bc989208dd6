"""Learned initial queries and proposals (EfficientVIS, Sec. 3.1, "Initial Tracklet Query and Proposal")."""

import math

import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy
from torch import Tensor, nn

__all__ = ["InitialQueries", "grid_boxes"]


def grid_boxes(number: int) -> Tensor:
    """The cells of a grid over the image, in which rows hold equally many, or one more or less.

    Args:
        number: N, of the cells.

    Returns:
        (N,4) normalised cxcywh; each box is one and a half times as wide and high as its cell.
    """
    rows = math.isqrt(number)
    cells = []
    for row in range(rows):
        columns = number // rows + (row < number % rows)
        centres = ((column + 0.5) / columns for column in range(columns))
        cells += [(x, (row + 0.5) / rows, 1.5 / columns, 1.5 / rows) for x in centres]
    return torch.tensor(cells)


class InitialQueries(nn.Module):
    """Learned initial queries q* (N,C) and proposals b* (N,4), the inputs of the first iteration.

    Layer names are those of mmdet's ``EmbeddingRPNHead``, so its weights can be loaded.

    Args:
        num_queries: N.
        embed_dims: C.
        boxes: what the proposals are before training: ``image``, the whole image, as in Sparse R-CNN and the papers; or
            ``grid``, see :func:`grid_boxes`, from which short trainings from scratch learn faster.

    Raises:
        ValueError: ``boxes`` is neither.
    """

    def __init__(self, num_queries: int, embed_dims: int, boxes: str = "image") -> None:
        super().__init__()
        if boxes not in ("image", "grid"):
            raise ValueError(f"boxes='{boxes}': initial proposals are 'image' or 'grid'.")
        self.boxes = boxes
        self.init_proposal_bboxes = nn.Embedding(num_queries, 4)  # normalised cxcywh
        self.init_proposal_features = nn.Embedding(num_queries, embed_dims)

    def init_weights(self) -> None:
        """Set the proposals; queries keep the normal distribution of ``nn.Embedding``."""
        number = len(self.init_proposal_bboxes.weight)
        boxes = grid_boxes(number) if self.boxes == "grid" else torch.tensor([0.5, 0.5, 1.0, 1.0])
        with torch.no_grad():
            self.init_proposal_bboxes.weight.copy_(boxes)

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
