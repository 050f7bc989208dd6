"""Linear layers by oneDNN are linear layers."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mmvis_ext.engine.flops import count_flops
from mmvis_ext.models import cpu_linear
from mmvis_ext.models.cpu_linear import CPULinear, linear_by_onednn

needs_onednn = pytest.mark.skipif(linear_by_onednn is None, reason="this torch has no oneDNN")


@pytest.fixture
def calls(monkeypatch) -> list:
    """Inputs that went to oneDNN."""
    seen: list = []

    def spy(x, *args):
        seen.append(x)
        return linear_by_onednn(x, *args)

    if linear_by_onednn is not None:
        monkeypatch.setattr(cpu_linear, "linear_by_onednn", spy)
    return seen


@needs_onednn
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(5,), (1, 5), (7, 5), (2, 3, 1, 5)])
def test_output_is_that_of_the_definition(calls, shape, bias):
    torch.manual_seed(0)
    layer, x = CPULinear(5, 9, bias=bias), torch.randn(shape)
    with torch.no_grad():
        y = layer(x)
    expected = (layer.weight.double() * x.double()[..., None, :]).sum(-1) + (layer.bias.double() if bias else 0)
    torch.testing.assert_close(y.double(), expected, rtol=1e-5, atol=1e-6)
    assert len(calls) == 1


@needs_onednn
def test_inputs_need_not_be_contiguous(calls):
    layer, x = CPULinear(6, 4), torch.randn(6, 3).t()
    with torch.no_grad():
        torch.testing.assert_close(layer(x), layer(x.contiguous()))
    assert len(calls) == 2


def test_nothing_in_gives_nothing():
    with torch.no_grad():
        assert CPULinear(5, 9)(torch.zeros(0, 5)).shape == (0, 9)


def test_gradients_are_those_of_a_linear_layer(calls):
    layer, plain, x = CPULinear(5, 9), nn.Linear(5, 9), torch.randn(7, 5)
    plain.load_state_dict(layer.state_dict())
    layer(x).square().sum().backward()
    plain(x).square().sum().backward()
    assert torch.equal(layer.weight.grad, plain.weight.grad)
    assert not calls


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float64])
def test_other_kinds_of_numbers_take_the_usual_way(calls, kind):
    layer = CPULinear(5, 9).to(kind)
    with torch.no_grad():
        assert layer(torch.randn(2, 5, dtype=kind)).dtype == kind
    assert not calls


def test_autocast_is_obeyed(calls):
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        assert CPULinear(5, 9)(torch.randn(2, 5)).dtype == torch.bfloat16
    assert not calls


def test_its_operations_are_counted():
    layer, plain, x = CPULinear(5, 9), nn.Linear(5, 9), torch.randn(2, 7, 5)
    with torch.no_grad():
        counted = count_flops(layer, lambda: layer(x), {})["total"]
        with FlopCounterMode(display=False) as counter:
            plain(x)
    assert counted == counter.get_total_flops() == 2 * 14 * 5 * 9
