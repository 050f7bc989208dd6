_base_ = [
    "../_base_/models/srnet_small.py",
    "../_base_/datasets/by_heart.py",
    "../_base_/schedules/small.py",
    "../_base_/default_runtime.py",
]

# shows that data, labels and model fit together before a long run; for two processes:
# DATA_ROOT=... bash tools/dist_train.sh configs/srnet/srnet_small_by-heart.py 2
model = dict(head=dict(num_classes=40))
train_dataloader = dict(batch_size=2, sampler=dict(repeat=400), dataset=dict(clips=dict(clip_len=2, num_clips=1)))
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=4, val_interval=4)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=50, end=400),
]
