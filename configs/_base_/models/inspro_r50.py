_base_ = ["./resnet50_fpn.py", "./roi_extractor.py"]

# see tools/start_weights.py
start = dict(detector="sparse-rcnn_r50_fpn_ms-480-800-3x_coco", masks="condinst_r50_fpn_ms-poly-90k_coco_instance")

model = dict(
    type="InsPro",
    head=dict(
        type="InstanceCascade",
        num_classes=40,
        num_queries=100,
        num_stages=6,
        embed_dims=256,
        mask_branch=dict(stride=8, feat_channels=128, num_convs=4),
        bank_length=18,
        roi_extractor=_base_.roi_extractor,
    ),
)
