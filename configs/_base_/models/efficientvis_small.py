_base_ = ["./efficientvis_r50.py", "./small.py"]

start = None  # it learns from scratch
model = dict(
    backbone=dict(_base_.small.backbone, **_base_.small.three_stages),
    neck=dict(in_channels=[32, 64, 128], out_channels=64, num_outs=3),
    head=dict(
        num_classes=5,
        num_queries=6,
        num_iterations=3,
        embed_dims=64,
        feedforward_channels=256,
        mask_convs=2,
        roi_extractor=dict(_base_.small.rois, roi_layer=dict(sampling_ratio=1)),
    ),
    match_each=False,
    clip_len=4,
)
