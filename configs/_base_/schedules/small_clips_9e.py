_base_ = "./small_clips_18e.py"

# 9 epochs of 80 iterations
train_cfg = dict(max_epochs=9, val_interval=9)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, end=20),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=20, end=720),
]
