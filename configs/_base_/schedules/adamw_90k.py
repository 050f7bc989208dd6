_base_ = "./adamw_32k.py"

train_cfg = dict(max_iters=90000, val_interval=90000)
param_scheduler = [dict(type="MultiStepLR", milestones=[65000, 80000], gamma=0.1, by_epoch=False, end=90000)]
