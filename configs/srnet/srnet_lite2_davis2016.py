_base_ = "./srnet_lite0_davis2016.py"

# a larger backbone; its weights come from a package of its own
model = dict(
    backbone=dict(arch="lite2", init_cfg=dict(checkpoint="checkpoints/efficientnet_lite2.pth")),
    neck=dict(in_channels=[24, 48, 120, 352]),
)
