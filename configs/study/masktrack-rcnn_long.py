_base_ = [
    "../_base_/models/masktrack_rcnn_small.py",
    "./_base_/youtube_vis.py",
    "./_base_/schedule_from_scratch.py",
    "./_base_/runtime.py",
]

# pairs of frames
train_dataloader = dict(batch_size=4, dataset=dict(clips=dict(clip_len=2, num_clips=1, scattered=True)))
# as many minutes as EfficientVIS learns with its start
train_cfg = dict(max_iters=4500)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=50, end=4500),
]
