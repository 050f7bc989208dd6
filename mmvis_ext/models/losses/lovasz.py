"""The Lovasz hinge, a surrogate of the Jaccard index for one binary mask (Yu and Blaschko, ICML 2015)."""

import torch
from torch import Tensor

__all__ = ["lovasz_hinge"]


def lovasz_hinge(logits: Tensor, labels: Tensor) -> Tensor:
    """The Lovasz extension of 1 - IoU at the hinge errors of the pixels.

    Args:
        logits: (...,P), above 0 for the object.
        labels: (...,P) bool or 0 and 1.

    Returns:
        (...,), one value per mask of P pixels, at least 0.
    """
    labels = labels.to(logits.dtype)
    errors, order = (1 - logits * (2 * labels - 1)).sort(dim=-1, descending=True)
    truth = labels.gather(-1, order)
    # the Jaccard loss when the first p pixels of the order are wrong, and what each pixel adds to it
    wrong_truth, wrong_rest = truth.cumsum(-1), (1 - truth).cumsum(-1)
    total = truth.sum(-1, keepdim=True)
    jaccard = 1 - (total - wrong_truth) / (total + wrong_rest)
    steps = torch.cat([jaccard[..., :1], jaccard[..., 1:] - jaccard[..., :-1]], dim=-1)
    return (errors.relu() * steps).sum(-1)
