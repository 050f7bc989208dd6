_base_ = [
    "../_base_/models/masktrack_rcnn_lite0.py",
    "../_base_/datasets/davis_2016.py",
    "../_base_/schedules/light_12e.py",
    "../_base_/ema_runtime.py",
]

# pairs of frames
train_dataloader = dict(sampler=dict(repeat=16), dataset=dict(clips=dict(scattered=True)))
