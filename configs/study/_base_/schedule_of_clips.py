_base_ = "../../_base_/schedules/adamw.py"

# as schedule.py, with 300 iterations: those of clips take longer
optim_wrapper = dict(optimizer=dict(lr=7e-4, fused=True))
train_cfg = dict(type="IterBasedTrainLoop", max_iters=300, val_begin=1000)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, end=20),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=20, end=300),
]
