_base_ = [
    "../_base_/models/salient_object_lite0.py",
    "../_base_/datasets/davis_2016.py",
    "../_base_/schedules/light_12e.py",
    "../_base_/ema_runtime.py",
]

# single frames of the videos alone
train_dataloader = dict(batch_size=4, sampler=dict(repeat=16), dataset=dict(clips=dict(clip_len=1)))
