"""Temporal dynamic convolution against Eq. 3 written out location by location, and against mmdet's."""

import pytest
import torch
import torch.nn.functional as F
from mmdet.models.layers import DynamicConv

from mmvis_ext.models.query import TemporalDynamicConv, dynamic_conv

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


def test_gradients_are_those_of_finite_differences():
    module = build()
    queries, rois = (x[:1, :1, :2].clone().requires_grad_() for x in inputs())
    assert torch.autograd.gradcheck(module, (queries, rois))


def test_the_default_inner_width_is_a_quarter():
    assert TemporalDynamicConv(32).shape == (32, 8)


@pytest.mark.parametrize(("temporal", "fits"), [(True, False), (True, True), (False, False)])
def test_at_test_each_query_of_a_long_clip_is_convolved_alone(temporal, fits, monkeypatch):
    monkeypatch.setattr(dynamic_conv, "CPU_RESPONSES", 3 * B * N * T * C * S * S - (not fits))
    module, (queries, rois) = build(temporal=temporal), inputs()
    expected, seen, convolve = module(queries, rois), [], module.convolve
    monkeypatch.setattr(
        module, "convolve", lambda filters, pixels: seen.append(len(pixels)) or convolve(filters, pixels)
    )
    with torch.no_grad():
        torch.testing.assert_close(module(queries, rois), expected)
    assert seen == ([B * T] * N if temporal and not fits else [B * N * T])
