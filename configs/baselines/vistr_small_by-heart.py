_base_ = [
    "../_base_/models/vistr_small.py",
    "../_base_/datasets/by_heart.py",
    "../_base_/schedules/vistr_small_10e.py",
    "../_base_/default_runtime.py",
]

# a quick check before a long run that data, labels and model fit together, as efficientvis_small_by-heart; a
# transformer needs four times as many steps
model = dict(head=dict(num_classes=40))
train_dataloader = dict(sampler=dict(repeat=320), dataset=dict(clips=dict(num_clips=1)))
