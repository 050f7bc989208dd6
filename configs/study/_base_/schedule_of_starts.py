_base_ = "../../_base_/schedules/adamw.py"

# what many runs start from learns single frames for longer: 1600 iterations
optim_wrapper = dict(optimizer=dict(lr=8e-4, fused=True))
train_cfg = dict(type="IterBasedTrainLoop", max_iters=1600, val_begin=2000)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=50, end=1600),
]
