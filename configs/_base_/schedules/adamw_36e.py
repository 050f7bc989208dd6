# 36 epochs, as mmdet's 3x schedule; 8 processes of two images each
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="AdamW", lr=2.5e-5, weight_decay=1e-4),
    clip_grad=dict(max_norm=1.0, norm_type=2),
)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=36, val_interval=12)
param_scheduler = [dict(type="MultiStepLR", milestones=[27, 33], gamma=0.1, by_epoch=True, end=36)]
