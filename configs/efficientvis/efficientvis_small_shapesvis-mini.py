_base_ = [
    "../_base_/models/efficientvis_small.py",
    "../_base_/datasets/shapes_vis_mini.py",
    "../_base_/schedules/small.py",
    "../_base_/default_runtime.py",
]

# goes on from efficientvis_small_shapesvis-mini-stills, with pairs of clips for correspondence learning; for two
# processes
train_dataloader = dict(batch_size=1, num_workers=1)
optim_wrapper = dict(optimizer=dict(lr=7e-4))
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=15, val_interval=15)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, end=20),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=20, end=1200),
]
