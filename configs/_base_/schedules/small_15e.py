_base_ = "./adamw.py"

# small models that have learned single frames: 15 epochs of 80 iterations
optim_wrapper = dict(optimizer=dict(lr=7e-4, fused=True))
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=15, val_interval=15)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, end=20),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=20, end=1200),
]
