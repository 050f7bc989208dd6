"""How the temporal attention of EfficientVIS starts where the checkpoint is a detector of single images."""

import torch
from torch import Tensor

from mmvis_ext.models.efficientvis import EfficientVIS
from mmvis_ext.models.inspro import InstanceModel

from .conversion import Conversion

__all__ = ["silence_temporal_attention"]

SILENT = "silent: it passes its input on"


def silence_temporal_attention(conversion: Conversion, model: EfficientVIS | InstanceModel) -> None:
    """Let temporal attention pass its input on, so that the model starts as the detector on each frame.

    The layer adds its output to its input, so a zero output layer adds nothing. The LayerNorm behind it would still
    take scale and offset away from its input, so it gives those back that the input has: in the first iteration those
    of the learned queries, elsewhere those that the LayerNorm before gives. Training moves it from there, since the
    gradient of the output layer is not zero.

    Args:
        conversion: to the model; it is modified, unless the model has no temporal attention.
        model: an EfficientVIS or an InsPro.
    """
    own = conversion.state_dict
    for m in range(len(model.head.stages)):
        order = model.head.stage(m).attention.order
        if "temporal" not in order:
            continue
        here = f"head.stages.{m}.attention"
        if order.index("temporal"):
            scale, offset = _given_by(own, f"{here}.norms.spatial")
        elif m:
            scale, offset = _given_by(own, f"head.stages.{m - 1}.update.ffn_norm")
        else:
            queries = own["head.initial.init_proposal_features.weight"]
            scale, offset = queries.std(1, correction=0).mean(), queries.mean()
        for name, value in (("weight", scale), ("bias", offset)):
            own[f"{here}.norms.temporal.{name}"].fill_(float(value))
            own[f"{here}.attentions.temporal.out_proj.{name}"].zero_()
        prefixes = tuple(f"{here}.{part}.temporal." for part in ("attentions", "norms"))
        conversion.initial.update(dict.fromkeys((key for key in own if key.startswith(prefixes)), SILENT))


def _given_by(own: dict[str, Tensor], norm: str) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean over channels, (), of what a LayerNorm puts out, on average."""
    scale, offset = own[f"{norm}.weight"], own[f"{norm}.bias"]
    return torch.sqrt(scale.square().mean() + offset.var(correction=0)), offset.mean()
