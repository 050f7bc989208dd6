_base_ = "./mask2former-vis.py"

# as many minutes as EfficientVIS learns with its start
train_cfg = dict(max_iters=12000)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=50, end=12000),
]
