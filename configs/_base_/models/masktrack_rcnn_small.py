_base_ = ["./masktrack_rcnn_r50.py", "./small.py"]

start = None  # it learns from scratch
rois = dict(_base_.small.rois, roi_layer=dict(sampling_ratio=1))
model = dict(
    detector=dict(
        backbone=dict(
            _base_.small.backbone,
            **_base_.small.three_stages,
            norm_cfg=dict(_base_.small.backbone.norm_cfg, _delete_=True),
        ),
        neck=dict(in_channels=[32, 64, 128], out_channels=64, num_outs=4),
        rpn_head=dict(in_channels=64, feat_channels=64, anchor_generator=dict(scales=[4], strides=[4, 8, 16, 32])),
        roi_head=dict(
            bbox_roi_extractor=rois,
            bbox_head=dict(num_classes=5, in_channels=64, fc_out_channels=256),
            mask_roi_extractor=rois,
            mask_head=dict(num_classes=5, num_convs=2, in_channels=64, conv_out_channels=64),
        ),
    ),
    track_head=dict(roi_extractor=rois, embed_head=dict(in_channels=64, fc_out_channels=256)),
)
del rois
