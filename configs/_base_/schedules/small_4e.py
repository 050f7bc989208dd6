_base_ = "./adamw.py"

# small models that learn a few videos by heart: 4 epochs of 100 iterations
optim_wrapper = dict(optimizer=dict(lr=8e-4, fused=True))
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=4, val_interval=4)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=50, end=400),
]
