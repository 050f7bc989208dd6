_base_ = "./inspro_small_shapesvis-mini.py"

# the third stage: only the one-stage head learns; all other weights are those of inspro_small_shapesvis-mini and do not
# change
model = dict(type="InsProLite", key_interval=5)
train_dataloader = dict(batch_size=2, sampler=dict(repeat=1), dataset=dict(clips=dict(clip_len=5)))
# 10 epochs of 40 iterations
train_cfg = dict(max_epochs=10, val_interval=10)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, end=20),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=20, end=400),
]
load_from = "work_dirs/inspro_small_shapesvis-mini/epoch_18.pth"
