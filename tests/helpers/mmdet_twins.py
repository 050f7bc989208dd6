"""mmdet's own detectors at the size of the small models, and its weights in ours."""

import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmdet.utils import register_all_modules
from mmengine.config import ConfigDict
from small_model import C, K, N

register_all_modules(init_default_scope=False)
CONVERTER = "model_converters/mmdet_to_vis.py"


def sparse_rcnn(cfg) -> torch.nn.Module:
    """mmdet's detector with the small InsPro's sizes."""
    head = cfg.head
    stages, side = head.num_stages, head.roi_extractor.roi_layer.output_size
    extractor = dict(head.roi_extractor, type="mmdet.SingleRoIExtractor")
    box_head = dict(
        type="mmdet.DIIHead",
        num_classes=K,
        num_heads=head.num_heads,
        feedforward_channels=head.feedforward_channels,
        in_channels=C,
        dynamic_conv_cfg=dict(
            type="mmdet.DynamicConv", in_channels=C, feat_channels=C // 4, out_channels=C, input_feat_shape=side,
            norm_cfg=dict(type="LN"),
        ),
        loss_cls=dict(type="mmdet.FocalLoss", use_sigmoid=True),
        loss_bbox=dict(type="mmdet.L1Loss"),
        loss_iou=dict(type="mmdet.GIoULoss"),
        bbox_coder=dict(type="mmdet.DeltaXYWHBBoxCoder", clip_border=False, target_stds=[0.5, 0.5, 1.0, 1.0]),
    )  # fmt: skip
    return MMDET_MODELS.build(
        dict(
            type="SparseRCNN",
            _scope_="mmdet",
            backbone=cfg.backbone,
            neck=cfg.neck,
            rpn_head=dict(type="mmdet.EmbeddingRPNHead", num_proposals=N, proposal_feature_channel=C),
            roi_head=dict(
                type="mmdet.SparseRoIHead",
                num_stages=stages,
                stage_loss_weights=[1] * stages,
                proposal_feature_channel=C,
                bbox_roi_extractor=extractor,
                bbox_head=[box_head] * stages,
            ),
            train_cfg=None,
            test_cfg=ConfigDict(rpn=None, rcnn=dict(max_per_img=N * K)),
        )
    ).eval()


def copy_stages(detector: torch.nn.Module, model: torch.nn.Module) -> None:
    """Give mmdet's detector InsPro's weights."""
    renamed = (
        ("attention.attentions.spatial.", "attention.attn."),
        ("attention.norms.spatial.", "attention_norm."),
        ("dynamic_conv.", "instance_interactive_conv."),
        ("update.fc_", "instance_interactive_conv.fc_"),
        ("update.norm.", "instance_interactive_conv_norm."),
        ("update.ffn", "ffn"),
    )
    weights = {}
    for key, value in model.state_dict().items():
        if key.startswith(("backbone.", "neck.")):
            weights[key] = value
        elif key.startswith("head.initial."):
            weights[key.replace("head.initial.", "rpn_head.")] = value
        elif key.startswith("head.stages."):
            key = key.replace("head.stages.", "roi_head.bbox_head.")
            for ours, theirs in renamed:
                if f".{ours}" in key:
                    key = key.replace(f".{ours}", f".{theirs}", 1)
                    break
            weights[key] = value
    detector.load_state_dict(weights, strict=True)


# one frame
