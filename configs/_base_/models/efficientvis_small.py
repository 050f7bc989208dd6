_base_ = "./efficientvis_r50.py"

# small enough to learn from scratch on two CPU cores in minutes; frames of about 128x96 pixels
model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(0, 1, 2),
        frozen_stages=-1,
        # the frames of a batch come from a few videos: too alike for batch statistics
        norm_cfg=dict(type="GN", num_groups=8),
        norm_eval=False,
        init_cfg=None,
    ),
    neck=dict(in_channels=[32, 64, 128], out_channels=64, num_outs=3),
    head=dict(
        num_classes=5,
        num_queries=6,
        num_iterations=3,
        embed_dims=64,
        feedforward_channels=256,
        mask_convs=2,
        roi_extractor=dict(
            roi_layer=dict(sampling_ratio=1), out_channels=64, featmap_strides=[4, 8, 16], finest_scale=28
        ),
    ),
    match_each=False,
    clip_len=4,
)
