_base_ = ["./vistr_r50.py", "./small.py"]

start = None  # it learns from scratch
model = dict(
    backbone=dict(
        _base_.small.backbone,
        **_base_.small.three_stages,
        norm_cfg=dict(_base_.small.backbone.norm_cfg, _delete_=True),
    ),
    in_channels=[32, 64, 128],
    head=dict(
        num_classes=5,
        num_queries=6,
        embed_dims=96,
        num_heads=4,
        num_layers=3,
        feedforward_channels=256,
        dropout=0.0,
    ),
    mask_head=dict(deformable=False),
    clip_len=4,
    linker=dict(type="ClipLinker"),  # a clip is much shorter than a video
)
