"""Fused responses and their gradient against Eq. 3 written out location by location."""

import pytest
import torch

from mmvis_ext.models.query import fuse_neighbours
from mmvis_ext.models.query.neighbours import neighbour_frames

B, N, T, C, S = 2, 2, 4, 8, 2


def fuse_slowly(responses, valid):
    """Softmax over t' of the cosine similarity with the centre, at each location."""
    out = torch.zeros_like(responses[:, :, :, 1])
    b, n, t, _, _, h, w = responses.shape
    for i in [
        (i, j, k, y, x) for i in range(b) for j in range(n) for k in range(t) for y in range(h) for x in range(w)
    ]:
        *where, y, x = i
        centre = responses[(*where, 1)][:, y, x]
        kept = [m for m in range(3) if valid[where[2], m]]
        y_all = [responses[(*where, m)][:, y, x] for m in kept]
        cosines = torch.stack([v @ centre / (v.norm() * centre.norm()) for v in y_all])
        out[tuple(where)][:, y, x] = sum(w * v for w, v in zip(cosines.softmax(0), y_all, strict=True))
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
    responses = torch.randn(B, N, T, 3, C, S, S)
    _, valid = neighbour_frames(T, torch.device("cpu"))
    torch.testing.assert_close(fuse_neighbours(responses, valid), fuse_slowly(responses, valid))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("size", [1e-4, 1.0, 3e4])
def test_half_precision_neither_overflows_nor_divides_by_zero(dtype, size):
    responses = (size * torch.rand(B, N, T, 3, C, S, S)).to(dtype)
    responses[0, 0, 1, 1] = 0  # nowhere active, as a ReLU leaves it
    responses[0, 1, 2] = 0
    _, valid = neighbour_frames(T, torch.device("cpu"))
    fused = fuse_neighbours(responses, valid)
    assert fused.dtype == dtype
    torch.testing.assert_close(fused, fuse_neighbours(responses.double(), valid).to(dtype))
    assert (fused[0, 1, 2] == 0).all()


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_stands_in_place_of_a_missing_neighbour_does_not_count(bad):
    responses = torch.randn(B, N, T, 3, C, S, S)
    _, valid = neighbour_frames(T, torch.device("cpu"))
    expected = fuse_neighbours(responses, valid)
    responses[:, :, 0, 0] = responses[:, :, -1, 2] = bad
    responses.requires_grad_()
    fused = fuse_neighbours(responses, valid)
    assert torch.equal(fused, expected)
    fused.sum().backward()
    assert torch.isfinite(responses.grad).all()
    assert (responses.grad[:, :, 0, 0] == 0).all()
    assert (responses.grad[:, :, -1, 2] == 0).all()


def test_all_zero_responses_have_finite_gradients():
    responses = torch.zeros(1, 1, 2, 3, C, S, S, requires_grad=True)
    _, valid = neighbour_frames(2, torch.device("cpu"))
    fused = fuse_neighbours(responses, valid)
    fused.sum().backward()
    assert (fused == 0).all()
    assert torch.isfinite(responses.grad).all()


def test_a_single_frame_is_its_own_response():
    responses = torch.randn(B, N, 1, 3, C, S, S)
    _, valid = neighbour_frames(1, torch.device("cpu"))
    torch.testing.assert_close(fuse_neighbours(responses, valid), responses[:, :, :, 1])


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_gradient_is_that_of_the_equation(length):
    responses = torch.randn(1, 2, length, 3, 5, S, S, dtype=torch.float64, requires_grad=True)
    _, valid = neighbour_frames(length, torch.device("cpu"))
    assert torch.autograd.gradcheck(lambda x: fuse_neighbours(x, valid), responses)
    toward = torch.randn(1, 2, length, 5, S, S, dtype=torch.float64)
    (fused,) = torch.autograd.grad((fuse_neighbours(responses, valid) * toward).sum(), responses)
    (slow,) = torch.autograd.grad((fuse_slowly(responses, valid) * toward).sum(), responses)
    torch.testing.assert_close(fused, slow)
    assert (fused[:, :, 0, 0] == 0).all(), "no frame comes before the first"


def test_where_a_response_is_zero_so_is_the_gradient_of_its_similarity():
    """As after a ReLU: autograd of the plain formula has the same gradient there."""
    responses = torch.randn(B, N, T, 3, C, S, S, dtype=torch.float64).relu()
    responses[0, 0, 1, 1] = responses[1, 0, 2, 0] = responses[1, 1] = 0
    toward = torch.randn(B, N, T, C, S, S, dtype=torch.float64)
    _, valid = neighbour_frames(T, torch.device("cpu"))

    def plain(x):
        centre = x[:, :, :, 1:2]
        product = (x.norm(dim=4) * centre.norm(dim=4)).clamp(min=1e-8)
        similarity = ((x * centre).sum(4) / product).masked_fill(~valid[:, :, None, None], -torch.inf)
        return (similarity.softmax(3).unsqueeze(4) * x).sum(3)

    grads = []
    for fuse in (lambda x: fuse_neighbours(x, valid), plain):
        x = responses.clone().requires_grad_()
        (fuse(x) * toward).sum().backward()
        grads.append(x.grad)
    torch.testing.assert_close(*grads)
