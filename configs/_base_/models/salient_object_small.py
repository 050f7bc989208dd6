_base_ = ["./resnet50_fpn.py", "./small.py"]

model = dict(
    type="SalientObjectBaseline",
    backbone=_base_.small.backbone,
    neck=dict(in_channels=[32, 64, 128, 256], out_channels=64),
    channels=64,
    norm_cfg=dict(type="GN", num_groups=8),
)
