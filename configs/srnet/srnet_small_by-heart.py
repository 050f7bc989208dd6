_base_ = [
    "../_base_/models/srnet_small.py",
    "../_base_/datasets/by_heart.py",
    "../_base_/schedules/small_4e.py",
    "../_base_/default_runtime.py",
]

# a quick check before a long run that data, labels and model fit together; for two processes:
# DATA_ROOT=... bash tools/dist_train.sh configs/srnet/srnet_small_by-heart.py 2
model = dict(head=dict(num_classes=40))
train_dataloader = dict(batch_size=2, sampler=dict(repeat=400), dataset=dict(clips=dict(clip_len=2, num_clips=1)))
