_base_ = ["./mask2former_vis_r50.py", "./small.py"]

start = None  # it learns from scratch
attention = dict(embed_dims=64, num_heads=4)
feedforward = dict(embed_dims=64, feedforward_channels=256)
model = dict(
    backbone=dict(
        _base_.small.backbone,
        **_base_.small.three_stages,
        norm_cfg=dict(_base_.small.backbone.norm_cfg, _delete_=True),
    ),
    track_head=dict(
        in_channels=[32, 64, 128],
        strides=[4, 8, 16],
        feat_channels=64,
        out_channels=64,
        num_classes=5,
        num_queries=10,
        num_transformer_feat_level=2,
        pixel_decoder=dict(
            num_outs=2,
            norm_cfg=dict(num_groups=8),
            encoder=dict(
                num_layers=2,
                layer_cfg=dict(
                    self_attn_cfg=dict(attention, num_levels=2),
                    ffn_cfg=feedforward,
                ),
            ),
            positional_encoding=dict(num_feats=32),
        ),
        positional_encoding=dict(num_feats=32),
        transformer_decoder=dict(
            num_layers=4,
            layer_cfg=dict(
                self_attn_cfg=attention,
                cross_attn_cfg=attention,
                ffn_cfg=feedforward,
            ),
        ),
        loss_cls=dict(class_weight=[1.0] * 5 + [0.1]),
        train_cfg=dict(num_points=1024),
    ),
)
del attention, feedforward
