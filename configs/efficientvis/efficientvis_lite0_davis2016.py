_base_ = [
    "../_base_/models/efficientvis_lite0.py",
    "../_base_/datasets/davis_2016.py",
    "../_base_/schedules/light_12e.py",
    "../_base_/ema_runtime.py",
]

# the videos alone, from the backbone's weights of ImageNet; samples of two clips for correspondence learning
train_dataloader = dict(batch_size=1, sampler=dict(repeat=4), dataset=dict(clips=dict(clip_len=6, num_clips=2)))
