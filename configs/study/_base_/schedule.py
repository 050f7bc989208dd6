_base_ = "../../_base_/schedules/muon.py"

# small models that have learned single frames: 1200 iterations, without validation
optim_wrapper = dict(type="BFloat16OptimWrapper", optimizer=dict(lr=1.4e-3))
train_cfg = dict(type="IterBasedTrainLoop", max_iters=1200, val_begin=10000)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, end=20),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=20, end=1200),
]
