_base_ = [
    "../_base_/models/inspro_lite0.py",
    "../_base_/datasets/davis_2016.py",
    "../_base_/schedules/light_12e.py",
    "../_base_/ema_runtime.py",
]

# inspro_lite0_davis2016, but nothing goes from frame to frame; an object is what the same slot detects in each frame
model = dict(consistent=False, head=dict(propagate="none"))
train_dataloader = dict(sampler=dict(repeat=16), dataset=dict(clips=dict(clip_len=3, scattered=True)))
