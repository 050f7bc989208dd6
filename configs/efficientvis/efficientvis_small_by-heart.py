_base_ = [
    "../_base_/models/efficientvis_small.py",
    "../_base_/datasets/by_heart.py",
    "../_base_/schedules/small_4e.py",
    "../_base_/default_runtime.py",
]

# a quick check before a long run that data, labels and model fit together; for two processes:
# DATA_ROOT=... bash tools/dist_train.sh configs/efficientvis/efficientvis_small_by-heart.py 2
model = dict(head=dict(num_classes=40, roi_extractor=dict(finest_scale=56)))
train_dataloader = dict(sampler=dict(repeat=200))
