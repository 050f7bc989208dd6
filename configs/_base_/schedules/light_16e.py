_base_ = "./light.py"

# 16 epochs of 75 iterations
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=16, val_interval=16)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-6, by_epoch=False, begin=50, end=1200),
]
