"""The optimizer of models that learn from scratch."""

import copy

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmvis_ext.engine.muon import MuonAdamW, orthogonalise


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int, first: int = 0) -> list[torch.Tensor]:
    """The weights after steps on gradients that depend on nothing but the number of the step."""
    for step in range(first, first + steps):
        generator = torch.Generator().manual_seed(step)
        for weight in model.parameters():
            weight.grad = torch.randn(weight.shape, generator=generator)
        optimizer.step()
    return [weight.detach().clone() for weight in model.parameters()]


@pytest.mark.parametrize("shape", [(3, 16, 16), (2, 20, 50), (2, 50, 20)])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_singular_values_become_one_and_vectors_stay(shape, scale):
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * scale
    found = orthogonalise(matrices)
    for matrix, near in zip(matrices, found, strict=True):
        u, s, v = torch.linalg.svd(matrix, full_matrices=False)
        values = u.T @ near @ v.T
        large = s > 0.05 * s.max()  # five iterations lift the others only in part
        assert values.diagonal()[large].min() > 0.6
        assert values.diagonal().max() < 1.25
        assert (values - values.diagonal().diag()).abs().max() < 0.05


def test_zeros_stay_zeros():
    assert orthogonalise(torch.zeros(1, 16, 20)).abs().max() == 0


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="torch has had it since 2.9")
def test_matrices_as_torch_does():
    model = nn.ParameterList([torch.randn(24, 40), torch.randn(24, 40), torch.randn(30, 20)])
    theirs, before = copy.deepcopy(model), [weight.detach().clone() for weight in model]
    found = train(model, MuonAdamW(model.parameters(), lr=0.1, weight_decay=0.2, momentum=0.9), 3)
    options = dict(lr=0.1, weight_decay=0.2, momentum=0.9, adjust_lr_fn="match_rms_adamw")
    expected = train(theirs, torch.optim.Muon(theirs.parameters(), **options), 3)
    for start, ours, other in zip(before, found, expected, strict=True):
        assert (ours - other).norm() < 0.02 * (other - start).norm()  # torch always computes them in bfloat16


def test_other_weights_as_adamw_does():
    model = nn.Sequential(nn.LayerNorm(20), nn.Linear(20, 10), nn.Conv2d(32, 32, 3, groups=32, bias=False))
    theirs = copy.deepcopy(model)
    options = dict(lr=0.1, weight_decay=0.2, betas=(0.8, 0.9), eps=1e-3)
    found = train(model, MuonAdamW(model.parameters(), **options), 3)
    expected = train(theirs, torch.optim.AdamW(theirs.parameters(), **options), 3)
    for ours, other in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, other)


def test_filters_are_flattened_to_matrices():
    model = nn.ParameterList([torch.randn(16, 8, 3, 3)])
    flat = nn.ParameterList([model[0].detach().flatten(1).clone()])
    for weight in (*model, *flat):
        weight.grad = torch.arange(weight.numel(), dtype=torch.float32).sin().view_as(weight)
    for weights in (model, flat):
        MuonAdamW(weights.parameters(), lr=0.1).step()
    torch.testing.assert_close(model[0].flatten(1), flat[0])


def test_an_update_has_the_size_of_one_of_adamw():
    weights = nn.ParameterList([torch.zeros(64, 256), torch.zeros(300, 32), torch.zeros(40, 40)])
    for update in train(weights, MuonAdamW(weights.parameters(), lr=1.0, weight_decay=0.0), 1):
        assert update.square().mean().sqrt() == pytest.approx(0.2, rel=0.2)


def test_weights_without_a_gradient_stay():
    model = nn.ParameterList([torch.ones(16, 16), torch.ones(3)])
    MuonAdamW(model.parameters(), lr=0.1).step()
    assert all(bool((weight == 1).all()) for weight in model)


def test_a_training_resumes():
    model = nn.Sequential(nn.Linear(20, 30), nn.LayerNorm(30))
    other = copy.deepcopy(model)
    whole = train(model, MuonAdamW(model.parameters(), lr=0.1), 4)
    first = MuonAdamW(other.parameters(), lr=0.1)
    train(other, first, 2)
    second = MuonAdamW(other.parameters(), lr=0.5)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for ours, expected in zip(train(other, second, 2, first=2), whole, strict=True):
        assert torch.equal(ours, expected)


def test_configs_name_it_with_factors_of_its_rate():
    model = nn.ModuleDict(dict(backbone=nn.Linear(20, 20, bias=False), head=nn.Linear(20, 20, bias=False)))
    config = dict(
        optimizer=dict(type="mmvis_ext.MuonAdamW", lr=0.1, weight_decay=0.0),
        paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
    )
    wrapper = build_optim_wrapper(model, config)
    before = [weight.detach().clone() for weight in model.parameters()]
    gradient = torch.randn(20, 20)
    for weight in model.parameters():
        weight.grad = gradient.clone()
    wrapper.optimizer.step()
    slow, fast = (new.detach() - old for new, old in zip(model.parameters(), before, strict=True))
    torch.testing.assert_close(slow * 10, fast, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(lr=-1.0), "lr=-1.0 must not be negative"),
        (dict(weight_decay=-0.1), "weight_decay=-0.1 must not be negative"),
        (dict(momentum=1.0), "momentum=1.0 must be at least 0 and below 1"),
        (dict(betas=(0.9, -0.1)), r"betas\[1\]=-0.1 must be at least 0 and below 1"),
    ],
)
def test_numbers_out_of_range(options, message):
    with pytest.raises(ValueError, match=message):
        MuonAdamW([nn.Parameter(torch.zeros(2))], **options)
