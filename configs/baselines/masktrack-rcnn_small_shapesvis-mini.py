_base_ = [
    "../_base_/models/masktrack_rcnn_small.py",
    "../_base_/datasets/shapes_vis_mini.py",
    "../_base_/schedules/small.py",
    "../_base_/default_runtime.py",
]

# pairs of frames, from scratch; for two processes
train_dataloader = dict(
    batch_size=4,
    num_workers=1,
    sampler=dict(repeat=8),
    dataset=dict(clips=dict(clip_len=2, num_clips=1, scattered=True)),
)
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=10, val_interval=10)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=50, end=1600),
]
