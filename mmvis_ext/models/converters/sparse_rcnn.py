"""Weights of an EfficientVIS or an InsPro from a checkpoint of mmdet's Sparse R-CNN or QueryInst.

With T = 1 and the still-image convolution, an iteration is the same as a stage of Sparse R-CNN, so the weights only
have to be renamed. Temporal attention, which the checkpoint does not know, starts by changing nothing. QueryInst has a
mask head per stage as well. Its convolutions are converted to those of EfficientVIS's mask branch. Its dynamic
convolution is not, since there the filters of the query branch are used.
"""

import re
from typing import NamedTuple

import torch
from torch import Tensor

from mmvis_ext.models.efficientvis import EfficientVIS
from mmvis_ext.models.inspro import InstanceModel
from mmvis_ext.utils.errors import InputError

from .class_rows import ClassRows
from .conversion import Conversion
from .queries import spread_queries
from .temporal_attention import silence_temporal_attention

__all__ = ["convert_sparse_rcnn"]

BN_EPS = 1e-5

_BOX, _MASK = r"roi_head\.bbox_head\.(\d+)\.", r"roi_head\.mask_head\.(\d+)\."
_STAGE = r"head.stages.\1."
RENAMED: tuple[tuple[str, str], ...] = (
    (r"(backbone|neck)\.(.+)", r"\1.\2"),
    (r"rpn_head\.(init_proposal_\w+\.weight)", r"head.initial.\1"),
    (_BOX + r"attention\.attn\.(.+)", _STAGE + r"attention.attentions.spatial.\2"),
    (_BOX + r"attention_norm\.(.+)", _STAGE + r"attention.norms.spatial.\2"),
    (_BOX + r"instance_interactive_conv\.(fc_(?:layer|norm)\..+)", _STAGE + r"update.\2"),
    (_BOX + r"instance_interactive_conv\.(.+)", _STAGE + r"dynamic_conv.\2"),
    (_BOX + r"instance_interactive_conv_norm\.(.+)", _STAGE + r"update.norm.\2"),
    (_BOX + r"(ffn(?:_norm)?\..+)", _STAGE + r"update.\2"),
    (_BOX + r"((?:cls_fcs|reg_fcs|fc_cls|fc_reg)\..+)", _STAGE + r"\2"),
    (_MASK + r"(convs\.\d+\.conv|upsample)\.(.+)", _STAGE + r"mask_head.\2.\3"),
    (_MASK + r"conv_logits\.(.+)", _STAGE + r"mask_head.logits.\2"),
)


def convert_sparse_rcnn(
    weights: dict[str, Tensor],
    model: EfficientVIS | InstanceModel,
    rows: ClassRows | None = None,
    where: str = "the checkpoint",
) -> Conversion:
    """Convert a checkpoint for a model; weights of the model that have no counterpart keep their initial values.

    If the checkpoint has more queries, :func:`spread_queries` says which are taken. QueryInst has a mask logit per
    class; their weights are averaged, since there is a single logit here. The BatchNorms of its mask convolutions are
    folded into these.

    Args:
        weights: ``state_dict`` of an mmdet ``SparseRCNN`` or ``QueryInst``: name -> (...) tensor.
        model: the model, with initial weights; it is not modified. An InsPro has no use for QueryInst's mask heads.
        rows: the classes that both classifiers have. ``None`` takes the whole classifier if it has as many classes as
            the model's, and none of it otherwise.
        where: the checkpoint's name in error messages.

    Raises:
        InputError: the weights belong to another kind of model, or their head has another width.
    """
    _check_source(weights, model.head.embed_dims, where)
    conversion = Conversion.of(model)
    own = conversion.state_dict
    joint = "head.stages.0.attention.norms.joint.weight" in own
    queries = _chosen(weights, model.head.num_queries)
    for key, part in _simplified(weights).items():
        target = _renamed(key, joint)
        if ".fc_cls." in target and target in own and rows is not None:
            rows.convert(conversion, key, part.value, target)
            continue
        fit = _fit(part.value, own.get(target), target, queries)
        if fit.value is None:
            why = fit.note if target else part.note or "no such part"
            conversion.unused.update(dict.fromkeys(part.sources, why))
            continue
        own[target] = fit.value
        conversion.mapped.update(dict.fromkeys(part.sources, (target, part.note or fit.note)))
        if fit.left:
            conversion.initial[target] = fit.left
    conversion.close()
    silence_temporal_attention(conversion, model)
    return conversion


def _check_source(weights: dict[str, Tensor], embed_dims: int, where: str) -> None:
    last = weights.get("roi_head.bbox_head.0.fc_reg.weight")
    if last is None:
        raise InputError(
            f"{where}: has no roi_head.bbox_head.*; give a checkpoint of mmdet's Sparse R-CNN or QueryInst."
        )
    if last.shape[1] != embed_dims:
        raise InputError(
            f"{where}: its head has {last.shape[1]} channels but the config's embed_dims is {embed_dims}; "
            "give a config of the same width."
        )


def _chosen(weights: dict[str, Tensor], number: int) -> Tensor:
    """Which of the checkpoint's queries are taken, as indices."""
    proposals = weights.get("rpn_head.init_proposal_bboxes.weight", torch.empty(0, 4))
    return spread_queries(proposals, number) if len(proposals) > number else torch.arange(len(proposals))


class _Part(NamedTuple):
    """A weight during conversion: its value, the checkpoint keys that it was computed from, and a note on how."""

    value: Tensor
    sources: list[str]
    note: str = ""


def _simplified(weights: dict[str, Tensor]) -> dict[str, _Part]:
    """The weights with QueryInst's mask heads reduced to the form they have here: no BatchNorm and a single logit."""
    parts = {key: _Part(value, [key]) for key, value in weights.items()}
    for key, value in weights.items():
        if not re.match(_MASK, key):
            continue
        if ".instance_interactive_conv." in key:
            parts[key] = _Part(value, [key], "masks share the query branch's filters")
        elif key.endswith(".bn.num_batches_tracked"):
            parts[key] = _Part(value, [key], "a counter of training")
        elif ".conv_logits." in key:
            parts[key] = _Part(value.mean(0, keepdim=True), [key], f"mean over {len(value)} classes")
        elif key.endswith(".bn.running_var"):
            _fold_batch_norm(parts, key.removesuffix("bn.running_var"))
    return parts


def _fold_batch_norm(parts: dict[str, _Part], layer: str) -> None:
    """Fold ``<layer>bn`` into ``<layer>conv``, which gets a bias if it has none."""
    note = "BatchNorm folded in"
    scale, shift, mean, variance = (
        parts.pop(f"{layer}bn.{name}").value for name in ("weight", "bias", "running_mean", "running_var")
    )
    scale = scale / (variance + BN_EPS).sqrt()
    weight, bias = parts[f"{layer}conv.weight"], parts.get(f"{layer}conv.bias", _Part(torch.zeros_like(mean), []))
    norm = [f"{layer}bn.{name}" for name in ("weight", "bias", "running_mean", "running_var")]
    parts[f"{layer}conv.weight"] = _Part(weight.value * scale[:, None, None, None], weight.sources, note)
    parts[f"{layer}conv.bias"] = _Part(shift + (bias.value - mean) * scale, bias.sources + norm, note)


def _renamed(key: str, joint: bool) -> str:
    """This project's name for a weight of mmdet, or an empty string if there is none.

    With ``joint``, weights of spatial attention go to joint attention, which is the same at T = 1.
    """
    for pattern, replacement in RENAMED:
        match = re.fullmatch(pattern, key)
        if match is not None:
            name = match.expand(replacement)
            # our convs is a Sequential in which each convolution is followed by a ReLU, hence twice the index
            name = re.sub(r"mask_head\.convs\.(\d+)\.conv\.", lambda m: f"mask_head.convs.{2 * int(m[1])}.", name)
            return name.replace(".spatial.", ".joint.") if joint else name
    return ""


class _Fit(NamedTuple):
    """The new value of a weight of the model.

    Attributes:
        value: ``None`` if the checkpoint's weight does not fit.
        note: how the value was made, or why the checkpoint's weight does not fit.
        left: which rows keep their initial value; empty for none.
    """

    value: Tensor | None
    note: str = ""
    left: str = ""


def _fit(value: Tensor, own: Tensor | None, target: str, queries: Tensor) -> _Fit:
    if own is None:
        return _Fit(None, "not in this config")
    value = value.to(own.dtype)
    if own.shape == value.shape:
        return _Fit(value)
    if ".initial." in target and own.shape[1:] == value.shape[1:]:
        number, many = len(queries), len(value)
        note = f"{number} of {many} queries, those that reach most of a frame" if number < many else f"all {number}"
        left = "the other queries" if number < len(own) else ""
        return _Fit(torch.cat([value[queries], own[number:]]), note, left)
    return _Fit(None, f"has the shape {tuple(value.shape)} and not {tuple(own.shape)}")
