"""The Lovasz hinge against the definition of the Lovasz extension."""

import itertools

import pytest
import torch
from dense_oracle import jaccard_loss, lovasz_slowly

from mmvis_ext.models import lovasz_hinge

LABELS = [labels for p in (1, 2, 4, 5) for labels in itertools.product([0, 1], repeat=p)]


@pytest.mark.parametrize("labels", LABELS, ids=lambda labels: "".join(map(str, labels)))
def test_it_is_the_integral_over_level_sets(labels):
    logits = 1.5 * torch.randn(8, len(labels))
    found = lovasz_hinge(logits, torch.tensor(labels).expand_as(logits))
    expected = [lovasz_slowly(row, labels) for row in logits.tolist()]
    assert max(expected) > 0
    assert found.tolist() == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_it_is_the_jaccard_loss_where_errors_are_none_or_one():
    """A surrogate that is exact on sets: logits of one with the right sign, and of zero where wrong."""
    for labels in itertools.product([0, 1], repeat=4):
        for wrong in itertools.product([0, 1], repeat=4):
            logits = torch.tensor([(2 * y - 1) * (1 - w) for y, w in zip(labels, wrong, strict=True)]).float()
            expected = jaccard_loss({p for p in range(4) if wrong[p]}, labels)
            assert float(lovasz_hinge(logits, torch.tensor(labels))) == pytest.approx(expected, abs=1e-6)


def test_equal_errors_give_one_value_in_any_order():
    logits, labels = torch.tensor([0.5, -0.5, 0.5, -0.5, 0.5]), torch.tensor([1, 0, 0, 1, 1])
    expected = lovasz_slowly(logits.tolist(), tuple(labels.tolist()))
    for order in itertools.permutations(range(5)):
        assert float(lovasz_hinge(logits[list(order)], labels[list(order)])) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("shape", [(3, 7), (2, 3, 7)])
def test_a_batch_gives_what_its_masks_give_alone(shape):
    logits, labels = torch.randn(shape), torch.rand(shape) < 0.4
    found = lovasz_hinge(logits, labels)
    assert found.shape == shape[:-1]
    for value, x, y in zip(found.flatten(), logits.flatten(0, -2), labels.flatten(0, -2), strict=True):
        torch.testing.assert_close(value, lovasz_hinge(x, y), rtol=0, atol=0)


@pytest.mark.parametrize("kind", ["empty", "full", "half"])
def test_gradients_are_finite(kind):
    labels = dict(empty=torch.zeros(6), full=torch.ones(6), half=torch.tensor([1, 1, 1, 0, 0, 0]))[kind]
    logits = torch.randn(6, requires_grad=True)
    value = lovasz_hinge(logits, labels)
    value.backward()
    assert value > 0
    assert torch.isfinite(logits.grad).all()
    wrong_way = logits.grad * (2 * labels - 1)
    assert (wrong_way <= 0).all(), "a pixel is drawn to its own side"
    assert (wrong_way < 0).any()


def test_gradients_against_differences():
    logits = torch.randn(7, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([1, 0, 0, 1, 1, 0, 1])
    assert torch.autograd.gradcheck(lambda x: lovasz_hinge(x, labels), logits)


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 0, 1]])
def test_it_is_zero_where_every_pixel_is_right_by_a_margin(labels):
    logits = (2 * torch.tensor(labels) - 1.0) * torch.tensor([1.0, 1.5, 7.0, 2.0])
    assert lovasz_hinge(logits, torch.tensor(labels)) == 0
    logits[2] *= 0.5 / 7
    assert lovasz_hinge(logits, torch.tensor(labels)) > 0


def test_no_masks_give_no_values():
    assert lovasz_hinge(torch.zeros(0, 5), torch.zeros(0, 5)).shape == (0,)


def test_inputs_stay_as_they_are():
    logits, labels = torch.randn(3, 5), torch.rand(3, 5) < 0.5
    before = logits.clone(), labels.clone()
    lovasz_hinge(logits, labels)
    assert torch.equal(logits, before[0])
    assert torch.equal(labels, before[1])
