_base_ = "./adamw.py"

# small models from scratch on single frames, before they go on with videos: 20 epochs of 80 iterations, not validated
optim_wrapper = dict(optimizer=dict(lr=8e-4, fused=True))
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=20, val_interval=100)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=2e-4, by_epoch=False, begin=50, end=1600),
]
