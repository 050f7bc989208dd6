"""What the first iteration starts from."""

import pytest
import torch
from mmdet.structures.bbox import bbox_cxcywh_to_xyxy

from mmvis_ext.models.query import InitialQueries
from mmvis_ext.models.query.initial import grid_boxes

SIZES = torch.tensor([[32.0, 48.0], [20.0, 60.0]])


def test_proposals_start_as_the_whole_image_in_every_frame():
    initial = InitialQueries(3, 8)
    initial.init_weights()
    boxes = initial.proposals(SIZES, 4)
    assert boxes.shape == (2, 3, 4, 4)
    assert (boxes[0] == torch.tensor([0.0, 0.0, 48.0, 32.0])).all()
    assert (boxes[1] == torch.tensor([0.0, 0.0, 60.0, 20.0])).all()


def test_learned_proposals_are_relative_to_the_image():
    initial = InitialQueries(2, 8)
    with torch.no_grad():
        initial.init_proposal_bboxes.weight.copy_(torch.tensor([[0.5, 0.25, 0.5, 0.1], [0.1, 0.9, 0.2, 0.2]]))
    expected = torch.tensor([[12.0, 6.4, 36.0, 9.6], [0.0, 25.6, 9.6, 32.0]])
    torch.testing.assert_close(initial.proposals(SIZES[:1], 2), expected[None, :, None].expand(1, 2, 2, 4))


def test_queries_and_proposals_are_learned():
    initial = InitialQueries(2, 8)
    initial.init_weights()
    (initial.queries.sum() + initial.proposals(SIZES, 3).sum()).backward()
    assert initial.queries.shape == (2, 8)
    assert all((p.grad != 0).any() for p in initial.parameters())


@pytest.mark.parametrize(("number", "columns"), [(1, [1]), (2, [2]), (3, [3]), (6, [3, 3]), (10, [4, 3, 3])])
def test_a_grid_covers_the_image(number, columns):
    boxes = grid_boxes(number)
    assert boxes.shape == (number, 4)
    assert [(boxes[:, 1] == y).sum().item() for y in boxes[:, 1].unique()] == columns
    corners = bbox_cxcywh_to_xyxy(boxes)
    for x, y in torch.rand(200, 2):
        assert ((corners[:, :2] <= torch.stack([x, y])) & (corners[:, 2:] >= torch.stack([x, y]))).all(-1).any()
    for column in columns:  # half a cell more than the cells have
        row = boxes[boxes[:, 2] == 1.5 / column]
        torch.testing.assert_close(row[:, 2].sum() % 1.5, torch.tensor(0.0), atol=1e-5, rtol=0)
    assert (boxes[:, 3] == 1.5 / len(columns)).all()


def test_proposals_that_start_as_a_grid():
    initial = InitialQueries(6, 8, boxes="grid")
    initial.init_weights()
    assert torch.equal(initial.init_proposal_bboxes.weight, grid_boxes(6))
    with pytest.raises(ValueError, match="boxes='rows': initial proposals are 'image' or 'grid'"):
        InitialQueries(6, 8, boxes="rows")
