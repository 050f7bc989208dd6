_base_ = "./inspro_r50_ytvis2019.py"

# another backbone of mmdet, with its weights of ImageNet; a worked example of docs/backbones.md
start = None
model = dict(
    backbone=dict(
        _delete_=True,
        type="mmdet.SwinTransformer",
        drop_path_rate=0.2,
        convert_weights=True,
        init_cfg=dict(
            type="Pretrained",
            checkpoint="https://github.com/SwinTransformer/storage/releases/download/v1.0.0/"
            "swin_tiny_patch4_window7_224.pth",
        ),
    ),
    neck=dict(in_channels=[96, 192, 384, 768]),
)
optim_wrapper = dict(
    paramwise_cfg=dict(norm_decay_mult=0.0, custom_keys=dict(relative_position_bias_table=dict(decay_mult=0.0)))
)
