"""Shrinking a model's config until it is fast enough for a test."""

from typing import Any

from mmengine.config import ConfigDict

__all__ = ["shrink"]

CHANNELS = 16
BACKBONE_CHANNELS = 8
LIMITS = dict.fromkeys(("embed_dims", "in_channels", "out_channels", "conv_out_channels", "feat_channels"), CHANNELS)
LIMITS |= dict(channels=CHANNELS, head_channels=CHANNELS, feedforward_channels=32, fc_out_channels=32)
LIMITS |= dict(num_feats=8, num_groups=8, num_points=64, num_queries=4, num_stages=2, num_iterations=2, num_layers=2)
LITE_CHANNELS = dict(lite0=[24, 40, 112, 320], lite2=[24, 48, 120, 352])
SWIN = dict(embed_dims=BACKBONE_CHANNELS, depths=(1, 1, 1, 1), num_heads=(1, 1, 2, 2))
VIT = dict(embed_dim=CHANNELS, depth=2, num_heads=2)


def shrink(model: ConfigDict) -> ConfigDict:
    """The same model with few channels, queries and stages, on a small backbone and without pretrained weights.

    All other settings stay, such as parts, classes, kind of attention, propagation, matching and loss weights. A
    ResNet-50 becomes a ResNet-18; a ResNet-101 keeps its depth.

    Args:
        model: the ``model`` of a config, with a ResNet or a Swin transformer of mmdet, a ViT of timm, or an
            EfficientNet-Lite0 or -Lite2, which stays as it is; it is not modified.
    """
    small = ConfigDict(model.to_dict())
    parts = small.get("detector", small)
    small.init_cfg = parts.init_cfg = None
    backbone = parts.pop("backbone")
    _limit(small, _shrink_backbone(backbone))
    parts.backbone = backbone
    return small


def _shrink_backbone(backbone: ConfigDict) -> list[int]:
    """Shrink a backbone in place; returns the channels of its levels."""
    expansion = 1
    if "TimmBackbone" in backbone.type:
        backbone.update(pretrained=False, out_indices=(1,))
        backbone.settings.update(VIT)
        return [CHANNELS]
    backbone.init_cfg = None
    if "EfficientNetLite" in backbone.type:
        return LITE_CHANNELS[backbone.arch]
    if "SwinTransformer" in backbone.type:
        backbone.update(SWIN)
    else:
        expansion = 4 if backbone.depth > 50 else 1
        backbone.depth = backbone.depth if backbone.depth > 50 else 18
        backbone.base_channels = backbone.stem_channels = BACKBONE_CHANNELS
    return [BACKBONE_CHANNELS * expansion * 2**level for level in range(4)]


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
        elif isinstance(value, int) and key in LIMITS:
            node[key] = min(value, LIMITS[key])
        else:
            _limit(value, channels)
