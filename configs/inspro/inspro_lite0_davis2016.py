_base_ = [
    "../_base_/models/inspro_lite0.py",
    "../_base_/datasets/davis_2016_stills.py",
    "../_base_/schedules/light_12e.py",
    "../_base_/ema_runtime.py",
]

# the second stage, from the weights of inspro_lite0_coco-stills: three frames of a video
train_dataloader = dict(
    sampler=dict(repeat=12), dataset=dict(clips=dict(clip_len=3, scattered=True), ratio=dict(videos=3, images=1))
)
