_base_ = "./light.py"

# 8 epochs of 40 iterations on single images, before the models go on with videos; not validated
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=8, val_interval=100)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=2e-4, by_epoch=False, begin=50, end=320),
]
