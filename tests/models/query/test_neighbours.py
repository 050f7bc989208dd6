"""Fused responses and their gradient against Eq. 3 written out location by location."""

import pytest
import torch

from mmvis_ext.models.query import fuse_neighbours
from mmvis_ext.models.query.neighbours import neighbour_frames

B, N, T, P, C = 2, 2, 4, 3, 8


def fuse_slowly(responses):
    """Softmax over t' of the cosine similarity with the centre, at each location."""
    out = torch.zeros_like(responses[:, :, :, 1])
    b, n, length, _, p, _ = responses.shape
    for where in [(i, j, t, k) for i in range(b) for j in range(n) for t in range(length) for k in range(p)]:
        i, j, t, k = where
        centre = responses[i, j, t, 1, k]
        there = [m for m in range(3) if 0 <= t + m - 1 < length]
        vectors = [responses[i, j, t, m, k] for m in there]
        cosines = torch.stack([v @ centre / (v.norm() * centre.norm()) for v in vectors])
        out[where] = sum(w * v for w, v in zip(cosines.softmax(0), vectors, strict=True))
    return out


@pytest.mark.parametrize("length", [1, 2, 5])
def test_neighbours_are_the_frames_before_and_after(length):
    index, valid = neighbour_frames(length, torch.device("cpu"))
    for t in range(length):
        for i, other in enumerate((t - 1, t, t + 1)):
            assert valid[t, i] == (0 <= other < length)
            if valid[t, i]:
                assert index[t, i] == other
    assert ((index >= 0) & (index < length)).all()


def test_responses_are_weighed_by_their_similarity_to_the_centre():
    responses = torch.randn(B, N, T, 3, P, C)
    torch.testing.assert_close(fuse_neighbours(responses), fuse_slowly(responses))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("size", [1e-4, 1.0, 3e4])
def test_half_precision_neither_overflows_nor_divides_by_zero(dtype, size):
    responses = (size * torch.rand(B, N, T, 3, P, C)).to(dtype)
    responses[0, 0, 1, 1] = 0  # nowhere active, as a ReLU leaves it
    responses[0, 1, 2] = 0
    fused = fuse_neighbours(responses)
    assert fused.dtype == dtype
    torch.testing.assert_close(fused, fuse_neighbours(responses.double()).to(dtype))
    assert (fused[0, 1, 2] == 0).all()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_stands_in_place_of_a_missing_neighbour_does_not_count(bad):
    responses = torch.randn(B, N, T, 3, P, C)
    expected = fuse_neighbours(responses)
    responses[:, :, 0, 0] = responses[:, :, -1, 2] = bad
    responses.requires_grad_()
    fused = fuse_neighbours(responses)
    assert torch.equal(fused, expected)
    fused.sum().backward()
    assert torch.isfinite(responses.grad).all()
    assert (responses.grad[:, :, 0, 0] == 0).all()
    assert (responses.grad[:, :, -1, 2] == 0).all()


def test_all_zero_responses_have_finite_gradients():
    responses = torch.zeros(1, 1, 2, 3, P, C, requires_grad=True)
    fused = fuse_neighbours(responses)
    fused.sum().backward()
    assert (fused == 0).all()
    assert torch.isfinite(responses.grad).all()


def test_a_single_frame_is_its_own_response():
    responses = torch.randn(B, N, 1, 3, P, C)
    torch.testing.assert_close(fuse_neighbours(responses), responses[:, :, :, 1])


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_gradient_is_that_of_the_equation(length):
    responses = torch.randn(1, 2, length, 3, P, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(fuse_neighbours, responses)
    toward = torch.randn(1, 2, length, P, 5, dtype=torch.float64)
    (fused,) = torch.autograd.grad((fuse_neighbours(responses) * toward).sum(), responses)
    (slow,) = torch.autograd.grad((fuse_slowly(responses) * toward).sum(), responses)
    torch.testing.assert_close(fused, slow)
    assert (fused[:, :, 0, 0] == 0).all(), "no frame comes before the first"


def test_where_a_response_is_zero_so_is_the_gradient_of_its_similarity():
    """As after a ReLU: autograd of the plain formula has the same gradient there."""
    responses = torch.randn(B, N, T, 3, P, C, dtype=torch.float64).relu()
    responses[0, 0, 1, 1] = responses[1, 0, 2, 0] = responses[1, 1] = 0
    toward = torch.randn(B, N, T, P, C, dtype=torch.float64)
    _, valid = neighbour_frames(T, torch.device("cpu"))

    def plain(x):
        centre = x[:, :, :, 1:2]
        product = (x.norm(dim=5) * centre.norm(dim=5)).clamp(min=1e-8)
        similarity = ((x * centre).sum(5) / product).masked_fill(~valid[:, :, None], -torch.inf)
        return (similarity.softmax(3).unsqueeze(5) * x).sum(3)

    grads = []
    for fuse in (fuse_neighbours, plain):
        x = responses.clone().requires_grad_()
        (fuse(x) * toward).sum().backward()
        grads.append(x.grad)
    torch.testing.assert_close(*grads)
