"""Operations against a count by hand."""

import pytest
import torch
from torch import nn

from mmvis_ext.engine.benchmarking import Stepper, generated_frames
from mmvis_ext.engine.building import build_model
from mmvis_ext.engine.flops import count_flops, count_parameters
from mmvis_ext.testing import tiny_config

C, L, K = 8, 6, 5
PARTS = dict(backbone=("backbone.forward",), neck=("neck.forward",), mask=("segment",))


class Toy(nn.Module):
    """A convolution, an attention and a product, in parts."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Conv2d(3, C, 3, padding=1)
        self.neck = nn.MultiheadAttention(C, 2, batch_first=True)
        self.fc = nn.Linear(C, K)
        self.mask_head = nn.Linear(C, 1)

    def forward(self, x):
        tokens = self.backbone(x).flatten(2).transpose(1, 2)
        tokens, _ = self.neck(tokens, tokens, tokens, need_weights=False)
        return self.fc(tokens), self.segment(tokens)

    def segment(self, tokens):
        return self.mask_head(tokens)


@torch.no_grad()
def test_by_hand():
    model = Toy().eval()
    parts = dict(
        backbone=("backbone.forward",), neck=("neck.forward",), mask=("segment", "no.such"), other=("no.such",)
    )
    flops = count_flops(model, lambda: model(torch.randn(2, 3, 1, L)), parts)
    pixels = 2 * L
    attention = 4 * 2 * pixels * C * C + 2 * 2 * 2 * L * L * C  # four projections; scores and their use in two images
    expected = dict(
        backbone=2 * pixels * C * 3 * 9, neck=attention, mask=2 * pixels * C, other=0, head=2 * pixels * C * K
    )
    assert {k: flops[k] for k in expected} == expected
    assert flops["total"] == sum(expected.values())
    assert "forward" not in vars(model.backbone)  # what was watched is itself again
    assert "segment" not in vars(model)


def test_parameters_by_hand():
    assert count_parameters(Toy(), PARTS) == dict(
        backbone=C * 3 * 9 + C, neck=4 * (C * C + C), mask=C + 1, head=C * K + K,
        total=C * 3 * 9 + C + 4 * (C * C + C) + C + 1 + C * K + K,
    )  # fmt: skip


def test_efficientvis():
    model, size = build_model(tiny_config()), (48, 64)
    one, two = (count_flops(model, Stepper(model, generated_frames(n, size), size), model.parts) for n in (1, 2))
    assert all(one[part] > 0 for part in ("backbone", "neck", "head", "mask"))
    for part in ("backbone", "neck", "mask"):
        assert two[part] == pytest.approx(2 * one[part], rel=0.5 if part == "mask" else 0)
    assert one["total"] == sum(v for k, v in one.items() if k != "total")
    assert count_parameters(model, model.parts)["total"] == sum(p.numel() for p in model.parameters())
