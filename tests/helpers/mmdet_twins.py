"""mmdet's own detectors at the size of the small models, and its weights in ours."""

import torch
from mmdet.registry import MODELS as MMDET_MODELS
from mmdet.utils import register_all_modules
from mmengine.config import ConfigDict
from small_model import K, N

register_all_modules(init_default_scope=False)


def sparse_rcnn(cfg) -> torch.nn.Module:
    """mmdet's Sparse R-CNN with the small InsPro's sizes, in test mode; it keeps every query under every class."""
    return query_detector(cfg, cfg.head.num_stages, N, K, kept=N * K).eval()


def query_detector(
    cfg, stages: int, queries: int, classes: int, kept: int, masks: bool = False
) -> torch.nn.Module:  # fmt: skip
    """mmdet's Sparse R-CNN, or with ``masks`` its QueryInst, with the backbone and the sizes of a config's model."""
    head, channels = cfg.head, cfg.neck.out_channels
    roi_layer = dict(head.roi_extractor.roi_layer)
    extractor, side = dict(head.roi_extractor, type="mmdet.SingleRoIExtractor"), roi_layer["output_size"]
    dynamic = dict(
        type="mmdet.DynamicConv", in_channels=channels, feat_channels=channels // 4, out_channels=channels,
        norm_cfg=dict(type="LN"),
    )  # fmt: skip
    box_head = dict(
        type="mmdet.DIIHead",
        num_classes=classes,
        num_heads=head.get("num_heads", 8),
        feedforward_channels=head.feedforward_channels,
        in_channels=channels,
        dynamic_conv_cfg=dict(dynamic, input_feat_shape=side),
        loss_cls=dict(type="mmdet.FocalLoss", use_sigmoid=True),
        loss_bbox=dict(type="mmdet.L1Loss"),
        loss_iou=dict(type="mmdet.GIoULoss"),
        bbox_coder=dict(type="mmdet.DeltaXYWHBBoxCoder", clip_border=False, target_stds=[0.5, 0.5, 1.0, 1.0]),
    )
    mask_head = dict(
        type="mmdet.DynamicMaskHead",
        dynamic_conv_cfg=dict(dynamic, input_feat_shape=2 * side, with_proj=False),
        num_convs=2,
        num_classes=classes,
        in_channels=channels,
        conv_out_channels=channels,
        norm_cfg=dict(type="BN"),
        loss_mask=dict(type="mmdet.DiceLoss"),
    )
    mask_parts = dict(
        mask_roi_extractor=dict(extractor, roi_layer=dict(roi_layer, output_size=2 * side)),
        mask_head=[mask_head] * stages,
    )
    return MMDET_MODELS.build(
        dict(
            type="QueryInst" if masks else "SparseRCNN",
            _scope_="mmdet",  # its parts name each other without a scope
            backbone=cfg.backbone,
            neck=cfg.neck,
            rpn_head=dict(type="mmdet.EmbeddingRPNHead", num_proposals=queries, proposal_feature_channel=channels),
            roi_head=dict(
                type="mmdet.SparseRoIHead",
                num_stages=stages,
                stage_loss_weights=[1] * stages,
                proposal_feature_channel=channels,
                bbox_roi_extractor=extractor,
                bbox_head=[box_head] * stages,
                **(mask_parts if masks else {}),
            ),
            train_cfg=None,
            test_cfg=ConfigDict(rpn=None, rcnn=dict(max_per_img=kept)),
        )
    )


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
