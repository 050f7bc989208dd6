"""Box arithmetic against mmdet's coder and by hand."""

import pytest
import torch
from mmdet.models.task_modules.coders import DeltaXYWHBBoxCoder

from mmvis_ext.structures.boxes import apply_deltas

STDS = (0.5, 0.5, 1.0, 1.0)


def random_boxes(*shape: int) -> torch.Tensor:
    corner = torch.rand(*shape, 2) * 200 - 50
    return torch.cat([corner, corner + 1 + torch.rand(*shape, 2) * 100], -1)


@pytest.mark.parametrize("stds", [STDS, (0.1, 0.2, 0.3, 0.4)])
@pytest.mark.parametrize("spread", [0.5, 10.0], ids=["usual", "beyond the largest growth"])
def test_moved_boxes_are_those_of_mmdet(stds, spread):
    boxes, deltas = random_boxes(40), torch.randn(40, 4) * spread
    coder = DeltaXYWHBBoxCoder(target_means=(0.0,) * 4, target_stds=stds, clip_border=False)
    torch.testing.assert_close(apply_deltas(boxes, deltas, stds), coder.decode(boxes, deltas), rtol=1e-4, atol=1e-3)


def test_leading_dimensions_are_free():
    boxes, deltas = random_boxes(2, 3, 4), torch.randn(2, 3, 4, 4)
    flat = apply_deltas(boxes.flatten(0, 2), deltas.flatten(0, 2), STDS)
    assert torch.equal(apply_deltas(boxes, deltas, STDS).flatten(0, 2), flat)


def test_no_deltas_leave_the_box_and_the_arguments_as_they_are():
    boxes = random_boxes(5)
    before = boxes.clone()
    torch.testing.assert_close(apply_deltas(boxes, torch.zeros(5, 4), STDS), boxes)
    assert torch.equal(boxes, before)


def test_gradient_reaches_deltas_and_boxes():
    boxes, deltas = random_boxes(3).requires_grad_(), torch.zeros(3, 4, requires_grad=True)
    apply_deltas(boxes, deltas, STDS).square().sum().backward()
    assert (boxes.grad != 0).all()
    assert (deltas.grad != 0).all()
