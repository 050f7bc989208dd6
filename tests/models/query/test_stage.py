"""One stage at T=1 is Sparse R-CNN's."""

import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmdet.utils import register_all_modules
from mmengine.registry import DefaultScope

from mmvis_ext.models.query.stage import TrackletStage

register_all_modules(init_default_scope=False)

C, F, K, N, B, S = 32, 8, 5, 6, 2, 7


def dii_head():
    cfg = dict(
        type="mmdet.DIIHead",
        num_classes=K,
        num_heads=4,
        feedforward_channels=64,
        in_channels=C,
        dynamic_conv_cfg=dict(
            type="mmdet.DynamicConv",
            in_channels=C,
            feat_channels=F,
            out_channels=C,
            input_feat_shape=S,
            act_cfg=dict(type="ReLU"),
            norm_cfg=dict(type="LN"),
        ),
        loss_cls=dict(type="mmdet.FocalLoss", use_sigmoid=True),
        loss_bbox=dict(type="mmdet.L1Loss"),
        loss_iou=dict(type="mmdet.GIoULoss"),
        bbox_coder=dict(type="mmdet.DeltaXYWHBBoxCoder", clip_border=False, target_stds=[0.5, 0.5, 1.0, 1.0]),
    )
    with DefaultScope.overwrite_default_scope("mmdet"):  # whatever scope a test before this one has left
        return MMDET_MODELS.build(cfg)


def copy_weights(stage: TrackletStage, head: torch.nn.Module) -> None:
    renamed = {
        "attention.attn.": "attention.attentions.spatial.",
        "attention_norm.": "attention.norms.spatial.",
        "instance_interactive_conv.fc_layer.": "update.fc_layer.",
        "instance_interactive_conv.fc_norm.": "update.fc_norm.",
        "instance_interactive_conv.": "dynamic_conv.",
        "instance_interactive_conv_norm.": "update.norm.",
        "ffn.": "update.ffn.",
        "ffn_norm.": "update.ffn_norm.",
    }
    weights = {}
    for key, value in head.state_dict().items():
        for old, new in renamed.items():
            if key.startswith(old):
                key = key.replace(old, new, 1)
                break
        weights[key] = value
    missing, unexpected = stage.load_state_dict(weights, strict=False)
    assert not unexpected
    assert all(k.startswith("mask_head.") for k in missing)


def test_one_frame_is_dii_head():
    torch.manual_seed(0)
    head = dii_head()
    head.init_weights()
    for p in head.parameters():  # norms and biases away from their trivial values
        torch.nn.init.normal_(p, std=0.3) if p.dim() == 1 else None
    stage = TrackletStage(K, C, 4, F, 64, S, attention="spatial", temporal_conv=False)
    copy_weights(stage, head)
    head.eval(), stage.eval()

    queries = torch.randn(B, N, C)
    rois = torch.randn(B, N, C, S, S)
    xy = torch.rand(B, N, 2) * 100
    boxes = torch.cat([xy, xy + 10 + 50 * torch.rand(B, N, 2)], -1)
    cls, deltas, obj, _ = head(rois.flatten(0, 1), queries)
    expected = head.bbox_coder.decode(boxes.flatten(0, 1), deltas.flatten(0, 1)).view(B, N, 4)

    out = stage(queries[:, :, None], boxes[:, :, None], rois[:, :, None])
    torch.testing.assert_close(out.class_logits[:, :, 0], cls, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(out.queries[:, :, 0], obj, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(out.boxes[:, :, 0], expected, rtol=1e-4, atol=1e-3)
