"""Any backbone of timm, https://github.com/huggingface/pytorch-image-models."""

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import torch.nn.functional as F
from mmengine.model import BaseModule
from mmengine.runner.checkpoint import CheckpointLoader
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from mmvis_ext.registry import MODELS
from mmvis_ext.utils.errors import InputError

__all__ = ["TimmBackbone"]


@MODELS.register_module()
class TimmBackbone(BaseModule):
    """Features of a model of timm, an optional package: ``pip install mmvis_ext[timm]``.

    Args:
        name: of timm's models, such as ``resnet18`` or ``vit_small_patch14_dinov2.lvd142m``.
        out_indices: levels to return, counted from 0 (in a ViT, its blocks). By default those that timm gives.
        frozen_stages: the first levels that do not learn, with all that comes before them; 1 is level 0.
        norm_eval: keep the running statistics of batch normalisation.
        pretrained: ``True`` for timm's weights, which are fetched when training begins; or the path or address of a
            checkpoint of timm's model.
        scale: factor by which images are resized before. With 14/16, patches of 14 pixels have a stride of 16 pixels.
        settings: more arguments of the model, such as ``dict(dynamic_img_size=True)`` for a ViT on frames of any size.

    Raises:
        InputError: timm is missing, has no such model, or cannot build it with these settings.
    """

    net: Any  # one of timm's, of which there is no common class

    def __init__(
        self,
        name: str,
        out_indices: Sequence[int] | None = None,
        frozen_stages: int = 0,
        norm_eval: bool = False,
        pretrained: bool | str | None = False,
        scale: float = 1.0,
        settings: dict | None = None,
    ) -> None:
        super().__init__()
        if not _timm().is_model(name):
            raise InputError(f"TimmBackbone: timm has no model {name!r}; choose one of timm.list_models().")
        self.name, self.norm_eval, self.pretrained, self.scale = name, norm_eval, pretrained, scale
        self.settings = settings or {}
        self.levels = {} if out_indices is None else dict(out_indices=tuple(out_indices))
        self.net = self._features()
        self.frozen = self._first_levels(frozen_stages)
        self._freeze()

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """(B,3,H,W) to levels (B,C,h,w)."""
        if self.scale != 1:
            size = [round(side * self.scale) for side in images.shape[-2:]]
            images = F.interpolate(images, size, mode="bilinear", antialias=True)
        levels = self.net(images)
        channels_last = str(getattr(self.net, "output_fmt", "")).endswith("NHWC")
        return tuple(level.permute(0, 3, 1, 2) if channels_last else level for level in levels)

    def init_weights(self) -> None:
        """Load the weights that ``pretrained`` names; every one of them must fit. Else timm's initial ones stay.

        Raises:
            InputError: they cannot be fetched or read, or belong to another model.
        """
        if not self.pretrained:
            return
        source = self.pretrained if isinstance(self.pretrained, str) else None
        try:
            overlay = {} if source is None else dict(state_dict=_weights(source))
            # features alone would be loaded without a word on what does not fit, hence the whole model first
            whole = _timm().create_model(self.name, pretrained=True, pretrained_cfg_overlay=overlay, **self.settings)
        except InputError:
            raise
        except Exception as error:  # a hub, a connection and a foreign checkpoint can fail in any way
            raise InputError(
                f"TimmBackbone: {source or 'weights of timm'} cannot be loaded into {self.name} ({_reason(error)}); "
                "check the connection, or give the file of this model's weights as pretrained."
            ) from error
        own = self._features(pretrained=True, pretrained_cfg_overlay=dict(state_dict=whole.state_dict()))
        self.net.load_state_dict(own.state_dict())

    def train(self, mode: bool = True) -> "TimmBackbone":
        """Switch between training and evaluation; what is frozen stays in evaluation."""
        super().train(mode)
        self._freeze()
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def _features(self, **weights: Any) -> Any:
        try:
            net = _timm().create_model(self.name, features_only=True, **weights, **self.levels, **self.settings)
        except Exception as error:  # asserted, looked up or computed somewhere in timm
            raise InputError(
                f"TimmBackbone: {self.name} cannot be built ({_reason(error)}); check out_indices and settings."
            ) from error
        if not net.feature_info.channels():
            raise InputError(f"TimmBackbone: {self.name} has no level in out_indices; name at least one.")
        return net

    def _first_levels(self, number: int) -> list[nn.Module]:
        """The modules up to the end of that many levels; timm registers modules in the order in which they run."""
        if number == 0:
            return []
        info = self.net.feature_info.info
        if number not in range(1, len(info) + 1):
            raise InputError(
                f"TimmBackbone: frozen_stages {number} is no number of {self.name}'s levels; choose from 0 (all learn) "
                f"to {len(info)}."
            )
        name = info[number - 1]["module"]
        last = next(m for key, m in self.net.named_modules() if key in (name, f"model.{name}", name.replace(".", "_")))
        inside, found = set(last.modules()), []
        for module in self.net.modules():
            if last in found and module not in inside:
                break
            found.append(module)
        return found

    def _freeze(self) -> None:
        for module in self.frozen:
            module.training = False
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad_(False)


def _timm() -> ModuleType:
    """timm, which imports torchvision, which in turn must have been built for the installed torch."""
    try:
        import timm
    except Exception as error:  # torchvision fails with RuntimeError or AttributeError beside another torch
        raise InputError(
            f"TimmBackbone: timm cannot be imported ({_reason(error)}); install it with 'pip install mmvis_ext[timm]', "
            "and the build of torchvision that belongs to your torch."
        ) from error
    return timm


def _weights(source: str) -> dict[str, Tensor]:
    """The weights, of any shapes (...), in a file or at an address."""
    if source.endswith(".safetensors"):
        from safetensors.torch import load_file

        return load_file(source)
    checkpoint = CheckpointLoader.load_checkpoint(source, map_location="cpu")
    return next((checkpoint[key] for key in ("state_dict", "model") if key in checkpoint), checkpoint)


def _reason(error: BaseException) -> str:
    """Type and first line of an error."""
    return f"{type(error).__name__}: {error}".partition("\n")[0].rstrip(".:")
