"""EfficientNet-Lite, a backbone for CPUs: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite.

It is an EfficientNet (Tan and Le, 2019) without squeeze-and-excitation, with ReLU6 in place of Swish, whose stem has 32
channels in all sizes.
"""

import math
from collections.abc import Sequence
from contextlib import nullcontext

import torch
from mmdet.models.backbones import EfficientNet
from mmdet.models.utils import make_divisible
from torch import Tensor, nn
from torch.nn import functional as F

from mmvis_ext.registry import MODELS
from mmvis_ext.utils.errors import InputError

__all__ = ["EfficientNetLite", "SameConv2d"]

# scale of channels and of blocks
SIZES = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2), "lite3": (1.2, 1.4), "lite4": (1.4, 1.8)}
# stages of lite0: kernel size, channels, stride of the first block, expansion of channels inside a block, blocks
STAGES = (
    (3, 16, 1, 1, 1), (3, 24, 2, 6, 2), (5, 40, 2, 6, 2), (3, 80, 2, 6, 3), (5, 112, 1, 6, 3), (5, 192, 2, 6, 4),
    (3, 320, 1, 6, 1),
)  # fmt: skip
LEVELS = ((0,), (1,), (2,), (3, 4), (5, 6))  # stages of one stride
LAST = 5  # level of the last stages


class SameConv2d(nn.Conv2d):
    """Convolution with TensorFlow's "same" padding, whatever ``padding`` says.

    Zeros are added on both sides; if their number is odd, one more below or to the right. Only then the input is copied
    to be padded. In mixed precision on a CPU, depthwise filters learn in float32, since their gradients take up to five
    times as long in bfloat16.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B,C,H,W) to (B,C',ceil(H/stride),ceil(W/stride))."""
        height, width = (
            max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
            for size, stride, kernel in zip(x.shape[-2:], self.stride, self.kernel_size, strict=True)
        )
        top, left = height // 2, width // 2
        if (height, width) != (2 * top, 2 * left):
            x = F.pad(x, (left, width - left, top, height - top))
            top = left = 0
        learns = self.groups > 1 and torch.is_grad_enabled()
        slow = learns and x.device.type == "cpu" and torch.is_autocast_enabled("cpu")
        with torch.autocast("cpu", enabled=False) if slow else nullcontext():
            x = x.float() if slow else x
            return F.conv2d(x, self.weight, self.bias, self.stride, (top, left), groups=self.groups)


def _layers(width: float, depth: float) -> list[list[list[int]]]:
    """The blocks of each level in the form of mmdet's EfficientNet; the first and last stage keep one block."""
    stages = []
    for number, (kernel, channels, stride, expansion, blocks) in enumerate(STAGES):
        blocks = blocks if number in (0, len(STAGES) - 1) else math.ceil(blocks * depth)
        channels = make_divisible(channels * width, 8)
        stages.append(
            [[kernel, channels, 0, stride if first else 1, expansion, 0] for first in [True] + [False] * (blocks - 1)]
        )
    levels = [[block for stage in level for block in stages[stage]] for level in LEVELS]
    return [[[3, 32, 0, 2, 0, -1]], *levels, [[1, 1280, 0, 1, 0, -1]]]


@MODELS.register_module()
class EfficientNetLite(EfficientNet):
    """Features of images at the strides 2 (levels 0 and 1), 4, 8, 16 and 32 (levels 2 to 5).

    Args:
        arch: ``lite0`` to ``lite4``. lite0 and lite1 have 32, 16, 24, 40, 112 and 320 channels, lite2 has 32, 16, 24,
            48, 120 and 352.
        out_indices: levels to return.
        frozen_stages: the first levels that do not learn; 1 is level 0 alone.
        norm_eval: keep the running statistics of batch normalisation.
        drop_path_rate: stochastic depth of the last block.
        init_cfg: such as ``dict(type="Pretrained", checkpoint="checkpoints/efficientnet_lite0.pth")``, which
            ``tools/start_weights.py`` makes.

    Raises:
        InputError: there is no such size or level.
    """

    # mmdet's EfficientNet looks its layers up by the first letter of arch, and scales them
    layer_settings = {name[-1]: _layers(*scales) for name, scales in SIZES.items()}
    arch_settings = {name[-1]: (1.0, 1.0, 0) for name in SIZES}

    def __init__(
        self,
        arch: str = "lite0",
        out_indices: Sequence[int] = (2, 3, 4, 5),
        frozen_stages: int = 0,
        norm_eval: bool = False,
        drop_path_rate: float = 0.0,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        if arch not in SIZES:
            raise InputError(f"EfficientNetLite: there is no arch {arch!r}; choose one of {', '.join(SIZES)}.")
        if not out_indices or not set(out_indices) <= set(range(LAST + 1)):
            raise InputError(
                f"EfficientNetLite: out_indices {tuple(out_indices)} are no levels; choose from 0 to {LAST}."
            )
        if frozen_stages not in range(max(out_indices) + 2):
            raise InputError(
                f"EfficientNetLite: frozen_stages {frozen_stages} is no number of levels; choose from 0 (all learn) to "
                f"{max(out_indices) + 1}."
            )
        random = [dict(type="Kaiming", layer="Conv2d"), dict(type="Constant", layer="_BatchNorm", val=1)]
        super().__init__(
            arch[-1], drop_path_rate, tuple(out_indices), frozen_stages, dict(type=SameConv2d),
            dict(type="BN", eps=1e-3), dict(type="ReLU6"), norm_eval, init_cfg=init_cfg or random,
        )  # fmt: skip
        self._freeze_stages()

    def train(self, mode: bool = True) -> "EfficientNetLite":
        """As in mmdet, whose method returns nothing."""
        super().train(mode)
        return self
