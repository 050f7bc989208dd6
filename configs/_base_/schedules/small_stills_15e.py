_base_ = "./muon.py"

# small models from scratch on single frames, before they go on with videos: 15 epochs of 80 iterations, not validated
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=15, val_interval=100)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=4e-4, by_epoch=False, begin=50, end=1200),
]
