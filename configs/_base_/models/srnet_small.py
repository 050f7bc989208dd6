_base_ = ["./resnet50_fpn.py", "./small.py"]

# without categories, like srnet_r101
model = dict(
    type="SRNet",
    backbone=_base_.small.backbone,
    neck=dict(in_channels=[32, 64, 128, 256], out_channels=64),
    head=dict(
        type="DenseHead",
        in_channels=64,
        norm_cfg=dict(type="GN", num_groups=8),
        channels=48,
        head_channels=32,
        stride=2,
    ),
    first_frame=0.1,
    min_pixels=16,
)
