_base_ = "./small.py"

# 4 epochs of 100 iterations
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=4, val_interval=4)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=50, end=400),
]
