_base_ = "./masktrack-rcnn.py"

# as many minutes as EfficientVIS learns with its start
train_cfg = dict(max_iters=4500)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=50, end=4500),
]
