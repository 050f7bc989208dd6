_base_ = "../../_base_/schedules/muon.py"

# small models that start from nothing: 2000 iterations, about as long as the others with their starts
optim_wrapper = dict(type="BFloat16OptimWrapper")
train_cfg = dict(type="IterBasedTrainLoop", max_iters=2000, val_begin=10000)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.01, by_epoch=False, end=50),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=50, end=2000),
]
