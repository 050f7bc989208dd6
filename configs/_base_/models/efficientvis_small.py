_base_ = "./efficientvis_r50.py"

model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(0, 1, 2),
        frozen_stages=-1,
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
            roi_layer=dict(output_size=5), out_channels=64, featmap_strides=[4, 8, 16], finest_scale=16),
    ),
    clip_len=4,
)
