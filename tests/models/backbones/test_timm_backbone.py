"""timm's models as backbones; tiny ones, with random weights."""

import sys

import pytest
import torch
from lite_oracle import package_features, package_weights
from torch.nn import functional as F
from torchvision_stand_in import timm_or_skip

from mmvis_ext.engine.building import without_pretrained
from mmvis_ext.models import TimmBackbone
from mmvis_ext.registry import MODELS
from mmvis_ext.utils.errors import InputError

VIT = dict(
    name="vit_tiny_patch16_224",
    out_indices=(1, 3),
    settings=dict(embed_dim=24, depth=4, num_heads=2, img_size=64, dynamic_img_size=True),
)
SWIN = dict(
    name="swin_tiny_patch4_window7_224",
    settings=dict(embed_dim=12, depths=(1, 1, 1, 1), num_heads=(1, 1, 2, 2), strict_img_size=False),
)
CONVNEXT = dict(name="convnext_atto", settings=dict(dims=(8, 8, 16, 16), depths=(1, 1, 1, 1)))
RESNET = dict(name="resnet18", out_indices=(1, 2, 4))
LITE = dict(name="tf_efficientnet_lite0", out_indices=(1, 2, 3, 4))
# channels and strides of the levels
KINDS = dict(
    resnet=(RESNET, [(64, 4), (128, 8), (512, 32)]),
    lite=(LITE, [(24, 4), (40, 8), (112, 16), (320, 32)]),
    convnext=(CONVNEXT, [(8, 4), (8, 8), (16, 16), (16, 32)]),
    swin=(SWIN, [(12, 4), (24, 8), (48, 16), (96, 32)]),
    vit=(VIT, [(24, 16), (24, 16)]),
)
EVERY = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(autouse=True)
def timm():
    return timm_or_skip()


def whole(timm, settings: dict) -> torch.nn.Module:
    """timm's own model, classifier included."""
    return timm.create_model(settings["name"], **settings.get("settings", {})).eval()


@EVERY
def test_levels_have_their_channels_and_strides(kind):
    settings, levels = KINDS[kind]
    model = MODELS.build(dict(type="mmvis_ext.TimmBackbone", **settings)).eval()
    with torch.no_grad():
        found = model(torch.randn(2, 3, 64, 96))
    assert [tuple(level.shape) for level in found] == [(2, c, 64 // stride, 96 // stride) for c, stride in levels]


@EVERY
def test_features_are_those_of_the_whole_model_from_a_file(kind, timm, tmp_path):
    settings, _ = KINDS[kind]
    theirs = whole(timm, settings)
    torch.save(theirs.state_dict(), tmp_path / "weights.pth")
    model = TimmBackbone(**settings, pretrained=str(tmp_path / "weights.pth"))
    model.init_weights()
    x = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        expected = theirs.forward_intermediates(x, norm=False, intermediates_only=True)
        found = model.eval()(x)
    wanted = settings.get("out_indices", range(len(expected)))
    for level, ours in zip(wanted, found, strict=True):
        torch.testing.assert_close(ours, expected[level])


def test_lite0_is_the_one_of_the_package(timm, tmp_path):
    """Weights of the package, renamed by their order, give the features of the model written out."""
    weights = package_weights("lite0")
    names = whole(timm, LITE).state_dict().keys()
    torch.save(dict(state_dict=dict(zip(names, weights.values(), strict=True))), tmp_path / "lite0.pth")
    model = TimmBackbone(**LITE, pretrained=str(tmp_path / "lite0.pth"))
    model.init_weights()
    x = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        for ours, theirs in zip(model.eval()(x), package_features(weights, "lite0", x)[2:], strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


# names of weights that level 0 or what comes before it has, and of those that come after it
FIRST = dict(
    resnet=(("conv1", "bn1"), ("layer",)),
    lite=(("conv_stem", "bn1", "blocks.0"), ("blocks.1", "blocks.2", "blocks.3", "blocks.4", "blocks.5", "blocks.6")),
    convnext=(("stem_", "stages_0"), ("stages_1", "stages_2", "stages_3")),
    swin=(("patch_embed", "layers_0"), ("layers_1", "layers_2", "layers_3")),
    vit=(("model.cls_token", "model.pos_embed", "model.patch_embed", "model.blocks.0"), ("model.blocks.1",)),
)


@EVERY
def test_frozen_levels_do_not_learn(kind):
    model = TimmBackbone(**dict(KINDS[kind][0], frozen_stages=1)).train()
    before = {name: value.clone() for name, value in model.state_dict().items() if "running" in name}
    sum(level.square().sum() for level in model(torch.randn(2, 3, 64, 64))).backward()
    first, after = FIRST[kind]
    frozen = {n.removeprefix("net.") for n, p in model.named_parameters() if not p.requires_grad}
    learning = {n.removeprefix("net.") for n, p in model.named_parameters() if p.grad is not None}
    assert frozen == {n for n, _ in model.net.named_parameters() if n.startswith(first)}
    assert learning == {n for n, _ in model.net.named_parameters()} - frozen
    assert all(any(n.startswith(part) for n in frozen) for part in first)
    assert all(any(n.startswith(part) for n in learning) for part in after)
    kept = {name.removeprefix("net.") for name, value in before.items() if torch.equal(model.state_dict()[name], value)}
    assert kept == {name.removeprefix("net.") for name in before if name.removeprefix("net.").startswith(first)}


def test_all_levels_can_be_frozen():
    model = TimmBackbone(**VIT, frozen_stages=4)
    assert not [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    assert not any(module.training for module in model.train().net.model.blocks.modules())


@pytest.mark.parametrize("norm_eval", [False, True])
def test_norm_eval_keeps_the_running_statistics(norm_eval):
    model = TimmBackbone("resnet18", norm_eval=norm_eval).train()
    before = [value.clone() for name, value in model.state_dict().items() if "running" in name]
    model(torch.randn(2, 3, 64, 64))
    after = [value for name, value in model.state_dict().items() if "running" in name]
    kept = [torch.equal(a, b) for a, b in zip(before, after, strict=True)]
    assert all(kept) if norm_eval else not any(kept)


def test_images_can_be_scaled_so_that_patches_of_14_pixels_have_a_stride_of_16():
    settings = dict(VIT["settings"], patch_size=14, img_size=56)
    plain = TimmBackbone("vit_tiny_patch16_224", (3,), settings=settings).eval()
    scaled = TimmBackbone("vit_tiny_patch16_224", (3,), settings=settings, scale=14 / 16).eval()
    scaled.load_state_dict(plain.state_dict())
    x = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        expected = plain(F.interpolate(x, (56, 84), mode="bilinear", antialias=True))[0]
        assert expected.shape == (1, 24, 4, 6)
        torch.testing.assert_close(scaled(x)[0], expected)


def test_nothing_is_fetched_before_the_training(timm, monkeypatch):
    def hub(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(timm.models._builder, "_resolve_pretrained_source", hub)
    settings = dict(type="mmvis_ext.TimmBackbone", name="resnet18", pretrained=True)
    model = MODELS.build(settings)
    with pytest.raises(
        InputError, match=r"^TimmBackbone: weights of timm cannot be loaded into resnet18 \(OSError: no net"
    ):
        model.init_weights()
    MODELS.build(without_pretrained(settings)).init_weights()


@pytest.mark.parametrize("change", ["missing", "unknown", "shape", "another model"])
def test_a_checkpoint_that_does_not_fit_is_refused(change, timm, tmp_path):
    weights = whole(timm, VIT if change == "another model" else RESNET).state_dict()
    if change == "missing":
        del weights["layer2.0.conv1.weight"]
    if change == "unknown":
        weights["layer9.weight"] = torch.zeros(3)
    if change == "shape":
        weights["layer2.0.conv1.weight"] = torch.zeros(3)
    torch.save(weights, tmp_path / "it.pth")
    model = TimmBackbone(**RESNET, pretrained=str(tmp_path / "it.pth"))
    with pytest.raises(InputError, match=r"it\.pth cannot be loaded into resnet18 \(\w+: .*; check"):
        model.init_weights()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (dict(name="resnet19"), r"timm has no model 'resnet19'; choose one of timm\.list_models\(\)\."),
        (dict(out_indices=(0, 9)), r"resnet18 cannot be built \(IndexError: .*\); check out_indices and settings\."),
        (dict(out_indices=()), "resnet18 has no level in out_indices; name at least one"),
        (dict(settings=dict(depth=3)), r"resnet18 cannot be built \(TypeError: .*depth"),
        (
            dict(frozen_stages=6),
            r"frozen_stages 6 is no number of resnet18's levels; choose from 0 \(all learn\) to 5\.",
        ),
        (dict(frozen_stages=-1), "frozen_stages -1 is no number"),
    ],
)
def test_wrong_settings_are_refused(wrong, said):
    with pytest.raises(InputError, match=f"^TimmBackbone: {said}"):
        TimmBackbone(**dict(dict(name="resnet18"), **wrong))


@pytest.mark.parametrize("name", ["none.pth", "none.safetensors"])
def test_a_checkpoint_that_is_not_there(name, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)  # not needed for the first, and missing for the second
    with pytest.raises(InputError, match=rf"^TimmBackbone: .*{name} cannot be loaded into resnet18"):
        TimmBackbone(**RESNET, pretrained=str(tmp_path / name)).init_weights()


def test_safetensors_are_read(timm, tmp_path):
    safetensors = pytest.importorskip("safetensors.torch", reason="safetensors is not installed")
    theirs = whole(timm, CONVNEXT)
    safetensors.save_file(theirs.state_dict(), tmp_path / "weights.safetensors")
    model = TimmBackbone(**CONVNEXT, pretrained=str(tmp_path / "weights.safetensors"))
    model.init_weights()
    assert torch.equal(model.net.stages_3.blocks[0].mlp.fc1.weight, theirs.stages[3].blocks[0].mlp.fc1.weight)
