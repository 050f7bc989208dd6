# as mmdet trains Mask2Former-VIS; for 8 processes of two pairs of frames each
embeddings = dict(lr_mult=1.0, decay_mult=0.0)
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="AdamW", lr=1e-4, weight_decay=0.05),
    paramwise_cfg=dict(
        custom_keys=dict(
            backbone=dict(lr_mult=0.1, decay_mult=1.0),
            query_embed=embeddings,
            query_feat=embeddings,
            level_embed=embeddings,
        ),
        norm_decay_mult=0.0,
    ),
    clip_grad=dict(max_norm=0.01, norm_type=2),
)
train_cfg = dict(type="IterBasedTrainLoop", max_iters=6000, val_interval=6000)
param_scheduler = [dict(type="MultiStepLR", milestones=[4000], gamma=0.1, by_epoch=False, end=6000)]
auto_scale_lr = dict(base_batch_size=16)
del embeddings
