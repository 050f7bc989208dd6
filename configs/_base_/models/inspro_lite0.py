_base_ = ["./efficientnet_lite0_fpn.py", "./roi_extractor.py"]

# objects of one class
model = dict(
    type="InsPro",
    head=dict(
        type="InstanceCascade",
        num_classes=1,
        num_queries=20,
        num_stages=3,
        embed_dims=96,
        feedforward_channels=384,
        mask_branch=dict(stride=4, feat_channels=48, num_convs=2, norm_cfg=dict(type="GN", num_groups=16)),
        bank_length=18,
        roi_extractor=dict(_base_.roi_extractor, out_channels=96),
    ),
)
