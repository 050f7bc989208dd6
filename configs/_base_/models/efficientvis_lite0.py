_base_ = ["./efficientnet_lite0_fpn.py", "./roi_extractor.py"]

# objects of one class
model = dict(
    type="EfficientVIS",
    head=dict(
        type="TrackletCascade",
        num_classes=1,
        num_queries=10,
        num_iterations=3,
        embed_dims=96,
        feedforward_channels=384,
        mask_convs=2,
        roi_extractor=dict(_base_.roi_extractor, out_channels=96),
    ),
    assigner=dict(type="TrackletAssigner"),
    match_each=False,
    clip_len=6,
)
