_base_ = "../../_base_/schedules/adamw.py"

# small models, most of which have learned single frames: 500 iterations, without validation
optim_wrapper = dict(optimizer=dict(lr=7e-4, fused=True))
train_cfg = dict(type="IterBasedTrainLoop", max_iters=500, val_begin=1000)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, end=20),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=20, end=500),
]
