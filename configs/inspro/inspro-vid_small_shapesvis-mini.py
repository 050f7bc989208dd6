_base_ = [
    "../_base_/models/inspro_small.py",
    "../_base_/datasets/shapes_vis_mini_vid.py",
    "../_base_/schedules/small.py",
    "../_base_/default_runtime.py",
]

# boxes alone; goes on from inspro_small_shapesvis-mini-stills; for two processes
model = dict(head=dict(mask_branch=None))
train_dataloader = dict(
    batch_size=2,
    num_workers=1,
    sampler=dict(repeat=2),
    dataset=dict(clips=dict(clip_len=3, num_clips=1, scattered=True)),
)
optim_wrapper = dict(optimizer=dict(lr=7e-4))
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=24, val_interval=24)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, end=20),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=20, end=1920),
]
