"""FTSA against attention written out token by token (Eq. 1 and 2)."""

import math

import pytest
import torch
import torch.nn.functional as F

from mmvis_ext.models.query import FactorisedTemporoSpatialAttention

B, N, T, C, HEADS = 2, 3, 4, 8, 2
MODES = ["factorised", "spatial", "temporal", "joint"]


def build(mode: str, **kwargs) -> FactorisedTemporoSpatialAttention:
    module = FactorisedTemporoSpatialAttention(C, HEADS, mode, **kwargs)
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return module.double()


def queries(b: int = B, t: int = T) -> torch.Tensor:
    return torch.randn(b, N, t, C, dtype=torch.float64)


def attend_slowly(tokens, attention, norm):
    """Multi-head self-attention among (L,C) tokens, residual and LayerNorm."""
    q, k, v = F.linear(tokens, attention.in_proj_weight, attention.in_proj_bias).chunk(3, dim=-1)
    d = C // HEADS
    out = torch.zeros_like(tokens)
    for head in range(HEADS):
        part = slice(head * d, (head + 1) * d)
        for i in range(len(tokens)):
            logits = torch.stack([q[i, part] @ k[j, part] / math.sqrt(d) for j in range(len(tokens))])
            out[i, part] = sum(w * v[j, part] for j, w in enumerate(logits.softmax(0)))
    mixed = tokens + F.linear(out, attention.out_proj.weight, attention.out_proj.bias)
    centred = mixed - mixed.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + norm.eps).sqrt() * norm.weight + norm.bias


def temporal_slowly(module, q):
    """Each query among its own T embeddings."""
    attention, norm = module.attentions["temporal"], module.norms["temporal"]
    return torch.stack(
        [torch.stack([attend_slowly(q[b, n], attention, norm) for n in range(N)]) for b in range(len(q))]
    )


def spatial_slowly(module, q):
    """The N queries of each frame among themselves."""
    attention, norm = module.attentions["spatial"], module.norms["spatial"]
    out = torch.empty_like(q)
    for b in range(len(q)):
        for t in range(q.shape[2]):
            out[b, :, t] = attend_slowly(q[b, :, t], attention, norm)
    return out


def joint_slowly(module, q):
    """All N*T embeddings of a clip among themselves."""
    attention, norm = module.attentions["joint"], module.norms["joint"]
    return torch.stack([attend_slowly(x.reshape(-1, C), attention, norm).reshape(x.shape) for x in q])


@pytest.mark.parametrize(
    ("mode", "temporal_first", "steps"),
    [
        ("factorised", True, [temporal_slowly, spatial_slowly]),
        ("factorised", False, [spatial_slowly, temporal_slowly]),
        ("temporal", True, [temporal_slowly]),
        ("spatial", True, [spatial_slowly]),
        ("joint", True, [joint_slowly]),
    ],
)
@torch.no_grad()
def test_each_mode_is_its_attentions_in_order(mode, temporal_first, steps):
    module, q = build(mode, temporal_first=temporal_first), queries()
    expected = q
    for step in steps:
        expected = step(module, expected)
    torch.testing.assert_close(module(q), expected)


@pytest.mark.parametrize("mode", MODES)
@torch.no_grad()
def test_an_embedding_reaches_those_it_is_related_to_and_no_others(mode):
    module, q = build(mode), queries()
    changed = q.clone()
    changed[1, 2, 1] += 1
    moved = (module(changed) - module(q)).abs().amax(-1) > 1e-9
    expected = torch.zeros(B, N, T, dtype=torch.bool)
    if mode == "temporal":
        expected[1, 2] = True
    elif mode == "spatial":
        expected[1, :, 1] = True
    else:
        expected[1] = True
    assert torch.equal(moved, expected)


@pytest.mark.parametrize("mode", MODES)
@torch.no_grad()
def test_a_clip_of_one_frame_and_clips_of_any_length_pass(mode):
    module = build(mode)
    for length in (1, 2, 9):
        assert module(queries(t=length)).shape == (B, N, length, C)


@torch.no_grad()
def test_over_one_frame_temporal_attention_is_only_a_projection():
    module, q = build("temporal"), queries(t=1)
    shuffled = q[:, [2, 0, 1]]
    torch.testing.assert_close(module(shuffled), module(q)[:, [2, 0, 1]])


@torch.no_grad()
def test_the_order_of_queries_does_not_matter():
    module, q = build("factorised"), queries()
    torch.testing.assert_close(module(q[:, [2, 0, 1]]), module(q)[:, [2, 0, 1]])


def test_an_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="'axial' is unknown"):
        FactorisedTemporoSpatialAttention(C, HEADS, "axial")


def test_the_two_attentions_have_their_own_weights():
    module = FactorisedTemporoSpatialAttention(C, HEADS)
    names = {name.split(".")[1] for name, _ in module.named_parameters() if name.startswith("attentions")}
    assert names == {"temporal", "spatial"}
    one = FactorisedTemporoSpatialAttention(C, HEADS, "joint")
    assert 2 * sum(p.numel() for p in one.parameters()) == sum(p.numel() for p in module.parameters())
