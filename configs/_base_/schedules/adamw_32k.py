# 8 processes of one sample each
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="AdamW", lr=2.5e-5, weight_decay=1e-4),
    clip_grad=dict(max_norm=1.0, norm_type=2),
)
train_cfg = dict(type="IterBasedTrainLoop", max_iters=32000, val_interval=32000)
param_scheduler = [dict(type="MultiStepLR", milestones=[24000, 28000], gamma=0.1, by_epoch=False, end=32000)]
