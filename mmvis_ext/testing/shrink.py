"""Shrinking a model's config until it is fast enough for a test."""

from typing import Any

from mmengine.config import ConfigDict

__all__ = ["shrink"]

CHANNELS = 16
BACKBONE_CHANNELS = 8
LIMITS = dict.fromkeys(("embed_dims", "in_channels", "out_channels", "conv_out_channels", "feat_channels"), CHANNELS)
LIMITS |= dict(channels=CHANNELS, head_channels=CHANNELS, feedforward_channels=32, fc_out_channels=32)
LIMITS |= dict(num_feats=8, num_groups=8, num_points=64, num_queries=4, num_stages=2, num_iterations=2, num_layers=2)


def shrink(model: ConfigDict) -> ConfigDict:
    """The same model with few channels, queries and stages, on a small ResNet and without pretrained weights.

    All other settings stay, such as parts, classes, kind of attention, propagation, matching and loss weights. A
    ResNet-50 becomes a ResNet-18; a ResNet-101 keeps its depth. Any other backbone stays as it is.

    Args:
        model: the ``model`` of a config; it is not modified.
    """
    small = ConfigDict(model.to_dict())
    parts = small.get("detector", small)
    backbone = parts.backbone
    small.init_cfg = parts.init_cfg = backbone.init_cfg = None
    if "depth" not in backbone:
        _limit(small, list(parts.neck.in_channels))
        return small
    expansion = 4 if backbone.depth > 50 else 1
    backbone.depth = backbone.depth if backbone.depth > 50 else 18
    backbone.base_channels = backbone.stem_channels = BACKBONE_CHANNELS
    _limit(small, [BACKBONE_CHANNELS * expansion * 2**level for level in range(4)])
    return small


def _limit(node: Any, channels: list[int]) -> None:
    """Apply ``LIMITS`` in place; ``channels`` are the channels of the backbone's levels."""
    if isinstance(node, list | tuple):
        for item in node:
            _limit(item, channels)
    if not isinstance(node, dict):
        return
    for key, value in node.items():
        if key == "in_channels" and isinstance(value, list):
            node[key] = channels[: len(value)]
        elif isinstance(value, int) and key in LIMITS and "depth" not in node:
            node[key] = min(value, LIMITS[key])
        else:
            _limit(value, channels)
