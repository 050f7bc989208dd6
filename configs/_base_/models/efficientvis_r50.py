_base_ = ["./resnet50_fpn.py", "./roi_extractor.py"]

model = dict(
    type="EfficientVIS",
    head=dict(
        type="TrackletCascade",
        num_classes=40,
        num_queries=10,
        num_iterations=6,
        embed_dims=256,
        roi_extractor=_base_.roi_extractor,
    ),
    assigner=dict(type="TrackletAssigner"),
    clip_len=36,
)
