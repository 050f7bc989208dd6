_base_ = "./muon.py"

# small models from scratch on pairs of frames: 20 epochs of 80 iterations
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=20, val_interval=20)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=50, end=1600),
]
