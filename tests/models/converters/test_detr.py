"""A VisTR takes from mmdet's DETR what has the same shape, and with as many channels detects as it does."""

import pytest
import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmengine.config import Config
from mmengine.registry import DefaultScope
from small_model import baseline_cfg

from mmvis_ext.models import VisTR
from mmvis_ext.models.converters import ClassRows, convert_detr, convert_weights
from mmvis_ext.registry import MODELS
from mmvis_ext.utils.errors import InputError

K, COCO, DIMS = 5, 8, 16


def vistr(**changes) -> VisTR:
    torch.manual_seed(2)
    model = MODELS.build(baseline_cfg("vistr", clip_len=2, **changes))
    model.init_weights()
    return model.eval()


@pytest.fixture
def detr():
    """mmdet's DETR on the backbone of the small VisTR."""
    torch.manual_seed(1)
    attention = dict(embed_dims=DIMS, num_heads=4)
    layer = dict(self_attn_cfg=attention, ffn_cfg=dict(embed_dims=DIMS, feedforward_channels=32))
    cfg = dict(
        type="DETR", num_queries=7, positional_encoding=dict(num_feats=DIMS // 2, normalize=True),
        backbone=dict(baseline_cfg("vistr").backbone, out_indices=(2,)),
        neck=dict(type="ChannelMapper", in_channels=[32], kernel_size=1, out_channels=DIMS, act_cfg=None, num_outs=1),
        encoder=dict(num_layers=2, layer_cfg=layer),
        decoder=dict(num_layers=2, layer_cfg=dict(layer, cross_attn_cfg=attention)),
        bbox_head=dict(
            type="DETRHead", num_classes=COCO, embed_dims=DIMS, loss_cls=dict(type="CrossEntropyLoss")
        ),
    )  # fmt: skip
    with DefaultScope.overwrite_default_scope("mmdet"):
        return MMDET_MODELS.build(Config(cfg)).eval()


@torch.no_grad()
def test_all_but_queries_and_masks_are_detrs(detr):
    model, weights = vistr(), detr.state_dict()
    done = convert_weights(weights, model, ClassRows([(3, 5)], K, COCO))
    assert done.unused == {"query_embedding.weight": "not in this config"}
    assert all(
        key.startswith("mask_head.") or key == "head.query_embedding.weight"
        for key, why in done.initial.items()
        if why != "the other classes"
    )
    model.load_state_dict(done.state_dict)
    frames, hidden = torch.randn(2, 3, 32, 48), torch.randn(1, 7, DIMS)
    (theirs,) = detr.extract_feat(frames)
    torch.testing.assert_close(model.head.project(model.extract_features(frames)[-1]), theirs)
    logits, boxes = detr.bbox_head(hidden[None])
    torch.testing.assert_close(model.head.fc_reg(hidden).sigmoid()[None], boxes)
    torch.testing.assert_close(model.head.fc_cls(hidden)[None][..., [3, K]], logits[..., [5, COCO]])


def test_with_other_channels_it_is_the_backbone(detr):
    model, weights = vistr(**{"head.embed_dims": 24}), detr.state_dict()
    done = convert_detr(weights, model, ClassRows([(3, 5)], K, COCO))
    assert {key for key in done.mapped if key.startswith("backbone.")} == {
        key for key in weights if key.startswith("backbone.")
    }
    assert "shape" in done.unused["encoder.layers.0.ffn.layers.0.0.weight"]
    assert "shape" in done.unused["bbox_head.fc_cls.weight"]
    model.load_state_dict(done.state_dict)


def test_another_detector_is_refused():
    with pytest.raises(InputError, match=r"x\.pth: has no query_embedding .* give a checkpoint of mmdet's DETR"):
        convert_weights({"backbone.a": torch.zeros(1)}, vistr(), None, "x.pth")
