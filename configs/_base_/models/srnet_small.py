_base_ = "./srnet_r50.py"

# small enough to learn from scratch on two CPU cores in minutes; frames of about 128x96 pixels
model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,
        frozen_stages=-1,
        # the frames of a batch come from a few videos: too alike for batch statistics
        norm_cfg=dict(type="GN", num_groups=8),
        norm_eval=False,
        init_cfg=None,
    ),
    neck=dict(in_channels=[32, 64, 128, 256], out_channels=64),
    head=dict(in_channels=64, channels=48, head_channels=32, stride=2, norm_cfg=dict(num_groups=8)),
)
