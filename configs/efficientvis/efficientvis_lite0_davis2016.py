_base_ = [
    "../_base_/models/efficientvis_lite0.py",
    "../_base_/datasets/davis_2016_stills.py",
    "../_base_/schedules/light_12e.py",
    "../_base_/ema_runtime.py",
]

# the second stage, from the weights of efficientvis_lite0_coco-stills: samples of two clips for correspondence learning
train_dataloader = dict(
    batch_size=1,
    sampler=dict(repeat=3),
    dataset=dict(clips=dict(clip_len=6, num_clips=2), ratio=dict(videos=3, images=1)),
)
