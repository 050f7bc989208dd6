_base_ = [
    "../_base_/models/srnet_lite0.py",
    "../_base_/datasets/davis_2016.py",
    "../_base_/schedules/light_16e.py",
    "../_base_/ema_runtime.py",
]

# srnet_lite0_davis2016 with a larger backbone, whose weights come from a package of its own
model = dict(
    backbone=dict(arch="lite2", init_cfg=dict(checkpoint="checkpoints/efficientnet_lite2.pth")),
    neck=dict(in_channels=[24, 48, 120, 352]),
)
train_dataloader = dict(sampler=dict(repeat=20))
