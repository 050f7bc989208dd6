_base_ = "./efficientvis_small.py"

# small enough to learn from scratch on two CPU cores in minutes; frames of about 128x96 pixels
model = dict(
    _delete_=True,
    type="InsPro",
    data_preprocessor={{_base_.model.data_preprocessor}},
    backbone={{_base_.model.backbone}},
    neck={{_base_.model.neck}},
    head=dict(
        type="InstanceCascade",
        num_classes=5,
        num_queries=10,
        num_stages=3,
        embed_dims=64,
        feedforward_channels=256,
        mask_branch=dict(stride=4, feat_channels=32, num_convs=2, norm_cfg=dict(type="GN", num_groups=8)),
        bank_length=18,
        roi_extractor={{_base_.model.head.roi_extractor}},
    ),
)
