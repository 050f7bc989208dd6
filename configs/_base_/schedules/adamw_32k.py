_base_ = "./adamw.py"

# for 8 processes of one sample each
train_cfg = dict(type="IterBasedTrainLoop", max_iters=32000, val_interval=32000)
param_scheduler = [dict(type="MultiStepLR", milestones=[24000, 28000], gamma=0.1, by_epoch=False, end=32000)]
auto_scale_lr = dict(base_batch_size=8)
