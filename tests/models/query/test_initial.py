"""What the first iteration starts from."""

import torch

from mmvis_ext.models.query import InitialQueries

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
