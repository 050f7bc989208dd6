_base_ = "./adamw.py"

# for 8 processes of one sample each
train_cfg = dict(type="IterBasedTrainLoop", max_iters=90000, val_interval=90000)
param_scheduler = [dict(type="MultiStepLR", milestones=[65000, 80000], gamma=0.1, by_epoch=False, end=90000)]
auto_scale_lr = dict(base_batch_size=8)
