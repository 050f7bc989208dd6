_base_ = "./small_stills_10e.py"

# 8 epochs of 80 iterations
train_cfg = dict(max_epochs=8)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=4e-4, by_epoch=False, begin=50, end=640),
]
