"""The Lovasz hinge, a surrogate of the Jaccard index for one binary mask (Yu and Blaschko, ICML 2015)."""

import torch
from torch import Tensor

__all__ = ["lovasz_hinge"]


def lovasz_hinge(logits: Tensor, labels: Tensor, known: Tensor | None = None) -> Tensor:
    """The Lovasz extension of the Jaccard loss 1 - IoU, evaluated at the pixels' hinge errors.

    Args:
        logits: (...,P) for masks of P pixels each; above 0 means object.
        labels: (...,P) bool or 0 and 1.
        known: (...,P) bool; the result is that of these pixels alone, or of all if it is left out.

    Returns:
        (...,), one loss per mask, at least 0.
    """
    labels = labels.to(logits.dtype)
    errors, order = (1 - logits * (2 * labels - 1)).sort(dim=-1, descending=True)
    counted = torch.ones_like(labels) if known is None else known.to(logits.dtype)
    # a pixel that does not count adds to neither number, so it makes no step
    truth, rest = (labels * counted).gather(-1, order), ((1 - labels) * counted).gather(-1, order)
    # jaccard[p]: the loss if the pixels with the p+1 largest errors are wrong; steps[p]: what the last of them adds
    wrong_truth, wrong_rest = truth.cumsum(-1), rest.cumsum(-1)
    total = truth.sum(-1, keepdim=True)
    jaccard = 1 - (total - wrong_truth) / (total + wrong_rest)
    steps = torch.cat([jaccard[..., :1], jaccard[..., 1:] - jaccard[..., :-1]], dim=-1)
    return (errors.relu() * steps).sum(-1)
