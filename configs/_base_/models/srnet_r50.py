_base_ = "./efficientvis_r50.py"

# without categories: unsupervised video object segmentation; num_classes in the head makes it VIS
model = dict(
    _delete_=True,
    type="SRNet",
    data_preprocessor={{_base_.model.data_preprocessor}},
    backbone={{_base_.model.backbone}},
    neck={{_base_.model.neck}},
    head=dict(type="DenseHead", in_channels=256, norm_cfg=dict(type="GN", num_groups=32)),
    min_pixels=16,  # of the maps; specks are left out
)
