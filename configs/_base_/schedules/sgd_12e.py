# as mmdet trains MaskTrack R-CNN; for 8 processes of one pair of frames each
optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="SGD", lr=0.00125, momentum=0.9, weight_decay=1e-4),
    clip_grad=dict(max_norm=35, norm_type=2),
)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=12, val_interval=12)
param_scheduler = [
    dict(type="LinearLR", start_factor=1 / 3, by_epoch=False, end=500),
    dict(type="MultiStepLR", milestones=[8, 11], gamma=0.1, by_epoch=True, end=12),
]
auto_scale_lr = dict(base_batch_size=8)
