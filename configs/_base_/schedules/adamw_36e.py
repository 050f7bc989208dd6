_base_ = "./adamw.py"

# as mmdet trains Sparse R-CNN for 36 epochs; for 8 processes of two images each
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=36, val_interval=12)
param_scheduler = [
    dict(type="LinearLR", start_factor=0.001, by_epoch=False, begin=0, end=500),
    dict(type="MultiStepLR", milestones=[27, 33], gamma=0.1, by_epoch=True, end=36),
]
auto_scale_lr = dict(base_batch_size=16)
