"""The mask head: each RoI by itself, twice its side."""

import pytest
import torch
import torch.nn.functional as F

from mmvis_ext.models.mask import RoIMaskHead

C, S = 4, 3


@pytest.mark.parametrize("num_convs", [0, 1, 4])
@torch.no_grad()
def test_convolutions_then_doubling_then_one_logit(num_convs):
    head = RoIMaskHead(C, num_convs)
    features = torch.randn(2, 3, 2, C, S, S)
    masks = head(features)
    assert masks.shape == (2, 3, 2, 2 * S, 2 * S)
    convs = [layer for layer in head.convs if isinstance(layer, torch.nn.Conv2d)]
    assert len(convs) == num_convs
    for b, n, t in [(b, n, t) for b in range(2) for n in range(3) for t in range(2)]:
        x = features[b, n, t][None]
        for conv in convs:
            x = F.conv2d(x, conv.weight, conv.bias, padding=1).relu()
        x = F.conv_transpose2d(x, head.upsample.weight, head.upsample.bias, stride=2).relu()
        expected = F.conv2d(x, head.logits.weight, head.logits.bias)[0, 0]
        torch.testing.assert_close(masks[b, n, t], expected)


def test_no_rois_give_no_masks_and_no_gradient():
    head = RoIMaskHead(C, 1)
    masks = head(torch.zeros(1, 0, 3, C, S, S))
    assert masks.shape == (1, 0, 3, 2 * S, 2 * S)
    masks.sum().backward()
    assert all(p.grad is None or (p.grad == 0).all() for p in head.parameters())
