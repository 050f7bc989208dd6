_base_ = [
    "../_base_/models/srnet_small.py",
    "../_base_/datasets/by_heart_davis.py",
    "../_base_/schedules/small.py",
    "../_base_/default_runtime.py",
]

# the other task of srnet_small_by-heart: objects without classes, DATA_ROOT in DAVIS' layout
train_dataloader = dict(batch_size=2, sampler=dict(repeat=400))
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=4, val_interval=4)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=50, end=400),
]
