_base_ = "../../_base_/schedules/muon.py"

# what many runs start from learns single frames from scratch: 1000 iterations, those of EfficientVIS more
optim_wrapper = dict(type="BFloat16OptimWrapper")
train_cfg = dict(type="IterBasedTrainLoop", max_iters=1000, val_begin=10000)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=2e-4, by_epoch=False, begin=50, end=1000),
]
