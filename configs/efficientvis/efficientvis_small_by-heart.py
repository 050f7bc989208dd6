_base_ = [
    "../_base_/models/efficientvis_small.py",
    "../_base_/datasets/by_heart.py",
    "../_base_/schedules/small.py",
    "../_base_/default_runtime.py",
]

# shows that data, labels and model fit together before a long run; for two processes:
# DATA_ROOT=... bash tools/dist_train.sh configs/efficientvis/efficientvis_small_by-heart.py 2
model = dict(head=dict(num_classes=40, roi_extractor=dict(finest_scale=56)))
train_dataloader = dict(sampler=dict(repeat=200))
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=4, val_interval=4)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=50, end=400),
]
