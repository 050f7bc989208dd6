_base_ = [
    "../_base_/models/efficientvis_small.py",
    "../_base_/datasets/shapes_vis_mini.py",
    "../_base_/default_runtime.py",
]

optim_wrapper = dict(
    type="OptimWrapper",
    optimizer=dict(type="AdamW", lr=3e-4, weight_decay=1e-4),
    clip_grad=dict(max_norm=1.0, norm_type=2),
)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=25, val_interval=5)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=100),
    dict(type="MultiStepLR", milestones=[20], gamma=0.1, by_epoch=True),
]
