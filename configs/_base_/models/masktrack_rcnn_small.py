_base_ = "./masktrack_rcnn_r50.py"

# small enough to learn from scratch on two CPU cores in minutes; frames of about 128x96 pixels
rois = dict(out_channels=64, featmap_strides=[4, 8, 16], finest_scale=28)
model = dict(
    detector=dict(
        init_cfg=None,
        backbone=dict(
            depth=18,
            base_channels=32,
            num_stages=3,
            strides=(1, 2, 2),
            dilations=(1, 1, 1),
            out_indices=(0, 1, 2),
            frozen_stages=-1,
            # the frames of a batch come from a few videos: too alike for batch statistics
            norm_cfg=dict(_delete_=True, type="GN", num_groups=8),
            norm_eval=False,
            init_cfg=None,
        ),
        neck=dict(in_channels=[32, 64, 128], out_channels=64, num_outs=4),
        rpn_head=dict(in_channels=64, feat_channels=64, anchor_generator=dict(scales=[4], strides=[4, 8, 16, 32])),
        roi_head=dict(
            bbox_roi_extractor=dict(roi_layer=dict(sampling_ratio=1), **rois),
            bbox_head=dict(num_classes=5, in_channels=64, fc_out_channels=256),
            mask_roi_extractor=dict(roi_layer=dict(sampling_ratio=1), **rois),
            mask_head=dict(num_classes=5, num_convs=2, in_channels=64, conv_out_channels=64),
        ),
    ),
    track_head=dict(
        roi_extractor=dict(roi_layer=dict(sampling_ratio=1), **rois),
        embed_head=dict(in_channels=64, fc_out_channels=256),
    ),
)
