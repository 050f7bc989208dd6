_base_ = "./efficientvis_r50.py"

model = dict(
    _delete_=True,
    type="InsPro",
    data_preprocessor={{_base_.model.data_preprocessor}},
    backbone={{_base_.model.backbone}},
    neck={{_base_.model.neck}},
    head=dict(
        type="InstanceCascade",
        num_classes=40,
        num_queries=100,
        num_stages=6,
        embed_dims=256,
        mask_branch=dict(stride=8, feat_channels=128, num_convs=2),
        bank_length=18,
        roi_extractor={{_base_.model.head.roi_extractor}},
    ),
)
