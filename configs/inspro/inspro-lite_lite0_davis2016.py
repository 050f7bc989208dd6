_base_ = [
    "../_base_/models/inspro_lite0.py",
    "../_base_/datasets/davis_2016.py",
    "../_base_/schedules/light_12e.py",
    "../_base_/ema_runtime.py",
]

# afterwards: only the one-stage head learns; all other weights are those of inspro_lite0_davis2016 and do not change
model = dict(type="InsProLite", key_interval=5)
train_dataloader = dict(sampler=dict(repeat=16), dataset=dict(clips=dict(clip_len=5, scattered=True)))
# 4 epochs of 60 iterations
train_cfg = dict(max_epochs=4, val_interval=4)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.1, by_epoch=False, end=20),
    dict(type="CosineAnnealingLR", eta_min=1e-5, by_epoch=False, begin=20, end=240),
]
load_from = "work_dirs/inspro_lite0_davis2016/epoch_12.pth"
