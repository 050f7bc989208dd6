_base_ = "./muon.py"

# small models that have learned single frames: 18 epochs of 80 iterations
optim_wrapper = dict(optimizer=dict(lr=1.4e-3))
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=18, val_interval=18)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, end=20),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=20, end=1440),
]
