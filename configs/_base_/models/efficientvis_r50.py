_base_ = ["./resnet50_fpn.py", "./roi_extractor.py"]

start = dict(detector="queryinst_r50_fpn_300-proposals_crop-ms-480-800-3x_coco")  # see tools/start_weights.py

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
