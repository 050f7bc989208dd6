# as DETR is trained, shorter; for 8 processes of one clip each
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="AdamW", lr=1e-4, weight_decay=1e-4),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1, decay_mult=1.0))),
    clip_grad=dict(max_norm=0.1, norm_type=2),
)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=18, val_interval=18)
param_scheduler = [dict(type="MultiStepLR", milestones=[12], gamma=0.1, by_epoch=True, end=18)]
auto_scale_lr = dict(base_batch_size=8)
