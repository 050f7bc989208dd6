"""Temporal dynamic convolution against Eq. 3 written out location by location, and against mmdet's."""

import pytest
import torch
import torch.nn.functional as F
from mmdet.models.layers import DynamicConv

from mmvis_ext.models.query import TemporalDynamicConv, fuse_neighbours
from mmvis_ext.models.query.dynamic_conv import neighbour_frames

B, N, T, C, INNER, S = 2, 2, 4, 8, 3, 2


def build(**kwargs) -> TemporalDynamicConv:
    module = TemporalDynamicConv(C, INNER, **kwargs)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return module.double()


def inputs(t: int = T) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(B, N, t, C, dtype=torch.float64), torch.randn(B, N, t, C, S, S, dtype=torch.float64)


def convolve_slowly(module, query, pixel):
    """The two kernels that one query embedding generates, on one pixel."""
    numbers = module.dynamic_layer(query)
    squeeze, expand = numbers[: C * INNER].view(C, INNER), numbers[C * INNER :].view(INNER, C)
    return torch.relu(module.norm_out(torch.relu(module.norm_in(pixel @ squeeze)) @ expand))


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


@torch.no_grad()
def test_the_filter_of_a_frame_runs_over_its_neighbours_too():
    module, (queries, rois) = build(), inputs()
    expected = torch.zeros_like(rois)
    for b, n, t in [(b, n, t) for b in range(B) for n in range(N) for t in range(T)]:
        others = [u for u in (t - 1, t, t + 1) if 0 <= u < T]
        for y, x in [(y, x) for y in range(S) for x in range(S)]:
            found = {u: convolve_slowly(module, queries[b, n, t], rois[b, n, u, :, y, x]) for u in others}
            cosines = torch.stack([F.cosine_similarity(found[u], found[t], dim=0) for u in others])
            expected[b, n, t, :, y, x] = sum(w * found[u] for w, u in zip(cosines.softmax(0), others, strict=True))
    torch.testing.assert_close(module(queries, rois), expected)


@torch.no_grad()
def test_a_single_frame_gives_its_own_response():
    queries, rois = inputs(t=1)
    temporal = build()
    still = TemporalDynamicConv(C, INNER, temporal=False).double()
    still.load_state_dict(temporal.state_dict())
    torch.testing.assert_close(temporal(queries, rois), still(queries, rois))
    responses = torch.randn(B, N, 1, 3, C, S, S)
    _, valid = neighbour_frames(1, torch.device("cpu"))
    torch.testing.assert_close(fuse_neighbours(responses, valid), responses[:, :, :, 1])


@torch.no_grad()
def test_the_still_mode_is_mmdets_dynamic_conv():
    still, (queries, rois) = build(temporal=False).float(), inputs()
    mmdet = DynamicConv(C, INNER, C, input_feat_shape=S, with_proj=False)
    mmdet.load_state_dict(still.state_dict())
    queries, rois = queries.float(), rois.float()
    expected = mmdet(queries.flatten(0, 2), rois.flatten(0, 2))  # (B*N*T, S*S, C)
    expected = expected.view(B, N, T, S, S, C).movedim(-1, 3)
    torch.testing.assert_close(still(queries, rois), expected)


@torch.no_grad()
def test_a_frame_sees_no_further_than_its_neighbours_and_no_other_query():
    module, (queries, rois) = build(), inputs()
    changed = rois.clone()
    changed[1, 0, 3] += 1
    moved = (module(queries, changed) - module(queries, rois)).flatten(3).abs().amax(-1) > 1e-9
    expected = torch.zeros(B, N, T, dtype=torch.bool)
    expected[1, 0, 2:] = True
    assert torch.equal(moved, expected)


@torch.no_grad()
def test_a_query_embedding_filters_its_own_frame_only():
    module, (queries, rois) = build(), inputs()
    changed = queries.clone()
    changed[0, 1, 2] += 1
    moved = (module(changed, rois) - module(queries, rois)).flatten(3).abs().amax(-1) > 1e-9
    expected = torch.zeros(B, N, T, dtype=torch.bool)
    expected[0, 1, 2] = True
    assert torch.equal(moved, expected)


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
    assert torch.isfinite(responses.grad[:, :, 1:-1]).all()
    assert (responses.grad[:, :, 0, 0] == 0).all() or not torch.isfinite(torch.tensor(bad))


def test_all_zero_responses_have_finite_gradients():
    responses = torch.zeros(1, 1, 2, 3, C, S, S, requires_grad=True)
    _, valid = neighbour_frames(2, torch.device("cpu"))
    fused = fuse_neighbours(responses, valid)
    fused.sum().backward()
    assert (fused == 0).all()
    assert torch.isfinite(responses.grad).all()


def test_gradients_are_those_of_finite_differences():
    module = build()
    queries, rois = (x[:1, :1, :2].clone().requires_grad_() for x in inputs())
    assert torch.autograd.gradcheck(module, (queries, rois))


def test_the_default_inner_width_is_a_quarter():
    assert TemporalDynamicConv(32).shape == (32, 8)


@pytest.mark.parametrize("temporal", [True, False])
def test_at_test_each_query_is_convolved_alone(temporal, monkeypatch):
    module, (queries, rois) = build(temporal=temporal), inputs()
    expected, seen, convolve = module(queries, rois), [], module.convolve
    monkeypatch.setattr(
        module, "convolve", lambda filters, pixels: seen.append(len(pixels)) or convolve(filters, pixels)
    )
    with torch.no_grad():
        torch.testing.assert_close(module(queries, rois), expected)
    assert seen == ([B * T] * N if temporal else [B * N * T])
