_base_ = "./mask2former_vis_r50.py"

# small enough to learn from scratch on two CPU cores in minutes; frames of about 128x96 pixels
attention = dict(embed_dims=64, num_heads=4)
model = dict(
    backbone=dict(
        depth=18,
        base_channels=32,
        num_stages=3,
        strides=(1, 2, 2),
        dilations=(1, 1, 1),
        out_indices=(0, 1, 2),
        # the frames of a batch come from a few videos: too alike for batch statistics
        norm_cfg=dict(_delete_=True, type="GN", num_groups=8),
        norm_eval=False,
        init_cfg=None,
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
                    self_attn_cfg=dict(num_levels=2, **attention),
                    ffn_cfg=dict(embed_dims=64, feedforward_channels=256),
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
                ffn_cfg=dict(embed_dims=64, feedforward_channels=256),
            ),
        ),
        loss_cls=dict(class_weight=[1.0] * 5 + [0.1]),
        train_cfg=dict(num_points=1024),
    ),
    init_cfg=None,
)
