_base_ = [
    "../_base_/models/efficientvis_lite0.py",
    "../_base_/datasets/coco_stills_object.py",
    "../_base_/schedules/light_8e.py",
    "../_base_/ema_runtime.py",
]

# the first of two stages: single images
train_dataloader = dict(batch_size=8, sampler=dict(repeat=2), dataset=dict(clips=dict(clip_len=1)))
