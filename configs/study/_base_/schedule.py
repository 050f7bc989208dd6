_base_ = "../../_base_/schedules/muon.py"

# small models, most of which have learned single frames: 800 iterations, without validation
optim_wrapper = dict(type="BFloat16OptimWrapper", optimizer=dict(lr=1.4e-3))
train_cfg = dict(type="IterBasedTrainLoop", max_iters=800, val_begin=1000)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, end=20),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=20, end=800),
]
