_base_ = [
    "../_base_/models/inspro_lite0.py",
    "../_base_/datasets/davis_2016_salient-stills.py",
    "../_base_/schedules/light_12e.py",
    "../_base_/ema_runtime.py",
]

# inspro_lite0_davis2016 with a still image of COCO for every two samples of the videos
train_dataloader = dict(sampler=dict(repeat=16), dataset=dict(clips=dict(clip_len=3, scattered=True)))
