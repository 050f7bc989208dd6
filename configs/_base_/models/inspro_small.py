_base_ = ["./resnet50_fpn.py", "./roi_extractor.py", "./small.py"]

model = dict(
    type="InsPro",
    backbone=dict(_base_.small.backbone, **_base_.small.three_stages),
    neck=dict(in_channels=[32, 64, 128], out_channels=64, num_outs=3),
    head=dict(
        type="InstanceCascade",
        num_classes=5,
        num_queries=10,
        num_stages=3,
        embed_dims=64,
        feedforward_channels=256,
        mask_branch=dict(stride=4, feat_channels=32, num_convs=2, norm_cfg=dict(type="GN", num_groups=8)),
        bank_length=18,
        roi_extractor=dict(
            _base_.roi_extractor, **_base_.small.rois, roi_layer=dict(_base_.roi_extractor.roi_layer, sampling_ratio=1)
        ),
    ),
)
