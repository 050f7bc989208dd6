_base_ = [
    "../_base_/models/inspro_small.py",
    "../_base_/datasets/by_heart.py",
    "../_base_/schedules/small_4e.py",
    "../_base_/default_runtime.py",
]

# a quick check before a long run that data, labels and model fit together; for two processes:
# DATA_ROOT=... bash tools/dist_train.sh configs/inspro/inspro_small_by-heart.py 2
model = dict(head=dict(num_classes=40, roi_extractor=dict(finest_scale=56)))
train_dataloader = dict(sampler=dict(repeat=300), dataset=dict(clips=dict(clip_len=3, num_clips=1, scattered=True)))
# 4 epochs of 150 iterations
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=50, end=600),
]
