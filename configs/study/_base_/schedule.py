_base_ = "../../_base_/schedules/adamw.py"

# small models, most of which have learned single frames: 6 epochs; each base says how many samples an epoch has
optim_wrapper = dict(optimizer=dict(lr=7e-4))
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=6, val_interval=100)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, end=20),
    dict(type="CosineAnnealingLR", eta_min=1e-5, end=6, convert_to_iter_based=True),
]
