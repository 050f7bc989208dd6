_base_ = "./efficientnet_lite0_fpn.py"

# without categories, like srnet_r101
model = dict(
    type="SRNet",
    head=dict(
        type="DenseHead",
        in_channels=96,
        norm_cfg=dict(type="GN", num_groups=16),
        channels=64,
        head_channels=48,
        stride=2,
    ),
    min_pixels=16,
    score_reduction="length_weighted",  # most false tracks are short
)
