_base_ = [
    "../_base_/models/inspro_lite0.py",
    "../_base_/datasets/davis_2016.py",
    "../_base_/schedules/light_12e.py",
    "../_base_/ema_runtime.py",
]

# the videos alone, from the backbone's weights of ImageNet; three frames of a video
train_dataloader = dict(sampler=dict(repeat=16), dataset=dict(clips=dict(clip_len=3, scattered=True)))
