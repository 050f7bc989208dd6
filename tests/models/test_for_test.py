"""What is replaced for test, what is not, and that the rest is as it was."""

import copy
from contextlib import suppress

import pytest
import torch
from mmcv.cnn import ConvModule
from mmdet.models.backbones import ResNet, ResNeXt
from mmengine.model import revert_sync_batchnorm
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmvis_ext.models.backbones import EfficientNetLite
from mmvis_ext.models.cpu_linear import CPULinear
from mmvis_ext.models.for_test import fold_batch_norms, lower_weights, prepare_for_test, prepared_for_test, take_onednn
from mmvis_ext.models.video_model import VideoModel

CONV = dict(type="BN")


def used(model: nn.Module) -> nn.Module:
    """In test mode, as if it had been trained: no batch norm has the statistics and weights that it starts with."""
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
            if module.affine:
                nn.init.uniform_(module.weight, 0.5, 2)
                nn.init.normal_(module.bias)
    model.eval()
    return model


def norms(model: nn.Module) -> int:
    return sum(isinstance(module, _BatchNorm) for module in model.modules())


FOLDED = {
    "ResNet-18": lambda: ResNet(18, base_channels=4, stem_channels=4),
    "ResNet-50": lambda: ResNet(50, base_channels=4, stem_channels=4),
    "ResNet-50 of Caffe": lambda: ResNet(50, base_channels=4, stem_channels=4, style="caffe"),
    "ResNet with a deep stem": lambda: ResNet(50, base_channels=4, stem_channels=4, deep_stem=True, avg_down=True),
    "ResNeXt": lambda: ResNeXt(depth=50, groups=2, base_width=2, base_channels=4, stem_channels=4),
    "EfficientNet-Lite": EfficientNetLite,
    "ConvModule": lambda: ConvModule(3, 4, 3, norm_cfg=CONV),
    "ConvModule with a bias": lambda: ConvModule(3, 4, 3, norm_cfg=CONV, bias=True),
    "synchronised": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.SyncBatchNorm(4)),
    "without weights of its own": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, affine=False)),
}


@pytest.mark.parametrize("build", FOLDED.values(), ids=FOLDED.keys())
def test_batch_norms_are_folded(build):
    torch.manual_seed(0)
    model = used(build())
    frames = torch.randn(2, 3, 64, 96)
    number = norms(model)
    with torch.no_grad():
        before = revert_sync_batchnorm(copy.deepcopy(model))(frames)
        replaced = fold_batch_norms(model)
        after = model(frames)
    assert norms(model) == 0
    assert len(replaced) == 2 * number > 0
    for one, other in zip(*([x] if torch.is_tensor(x) else x for x in (before, after)), strict=True):
        torch.testing.assert_close(other, one, rtol=1e-3, atol=1e-3 * float(one.abs().max()))


class Preactivated(nn.Module):
    """Its modules have the names and the order of a block, but it calls them in another one."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)


class Standardised(nn.Conv2d):
    """A convolution that changes its weights before it uses them."""


LEFT = {
    "after an activation": lambda: nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU(), nn.BatchNorm2d(4)),
    "before the convolution": lambda: ConvModule(3, 3, 1, norm_cfg=CONV, order=("norm", "conv", "act")),
    "after the activation": lambda: ConvModule(3, 3, 1, norm_cfg=CONV, order=("conv", "act", "norm")),
    "in a module that is not known": Preactivated,
    "of a convolution that is not known": lambda: nn.Sequential(Standardised(3, 4, 1), nn.BatchNorm2d(4)),
    "of the batch": lambda: nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, track_running_stats=False)),
    "other normalisation": lambda: ConvModule(3, 4, 1, norm_cfg=dict(type="GN", num_groups=2)),
}


@pytest.mark.parametrize("build", LEFT.values(), ids=LEFT.keys())
def test_other_batch_norms_stay(build):
    model = build().eval()
    modules = list(model.modules())
    assert fold_batch_norms(model) == []
    assert list(model.modules()) == modules


def test_a_batch_norm_that_learns_stays():
    model = nn.Sequential(ConvModule(3, 4, 1, norm_cfg=CONV), ConvModule(4, 4, 1, norm_cfg=CONV)).eval()
    model[1].bn.train()
    fold_batch_norms(model)
    assert isinstance(model[0].bn, nn.Identity)
    assert isinstance(model[1].bn, nn.BatchNorm2d)


class Toy(VideoModel):
    """All kinds of layers."""

    whole_precision = ("box.*",)
    num_classes = 1

    def __init__(self) -> None:
        super().__init__(window=1)
        self.stem = ConvModule(3, 4, 1, norm_cfg=CONV)
        self.attention = nn.MultiheadAttention(4, 2)
        self.score = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Linear(4, 1, bias=False))
        self.box = nn.ModuleDict(dict(fc=nn.Linear(4, 4)))

    loss = init_state = step = forward_window = None


def test_linear_layers_go_to_onednn_with_their_own_weights():
    model = Toy().eval()
    before = dict(model.named_parameters())
    replaced = take_onednn(model)
    assert {name for name, module in model.named_modules() if isinstance(module, CPULinear)} == {
        "score.0", "score.2", "box.fc",
    }  # fmt: skip
    assert len(replaced) == 3
    after = dict(model.named_parameters())
    assert after.keys() == before.keys()
    assert all(after[name] is weight for name, weight in before.items())
    assert not any(module.training for module in model.modules())


def test_weights_are_lowered_where_autocast_rounds_them():
    model = Toy().eval()
    kept = model.stem.conv.weight
    lower_weights(model, torch.bfloat16)
    lowered = {name for name, weight in model.named_parameters() if weight.dtype == torch.bfloat16}
    assert lowered == {"stem.conv.weight", "score.0.weight", "score.0.bias", "score.2.weight"}
    assert kept.dtype == torch.float32, "the model's own weights are not rounded"


@pytest.mark.parametrize("half", [False, True])
def test_behind_the_block_the_model_is_as_it_was(half):
    model = Toy().eval()
    modules, weights = dict(model.named_modules()), dict(model.named_parameters())
    with suppress(ZeroDivisionError), prepared_for_test(model, torch.bfloat16 if half else None):
        assert isinstance(model.stem.bn, nn.Identity)
        assert isinstance(model.score[0], CPULinear) is not half
        assert (model.stem.conv.weight.dtype == torch.bfloat16) is half
        raise ZeroDivisionError
    assert dict(model.named_modules()) == modules
    assert all(weight is weights[name] for name, weight in model.named_parameters())


def test_on_other_devices_linear_layers_stay():
    model = Toy().eval().to("meta")
    prepare_for_test(model)
    assert isinstance(model.stem.bn, nn.Identity)
    assert not any(isinstance(module, CPULinear) for module in model.modules())
