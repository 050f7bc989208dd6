_base_ = "./adamw_6k.py"

# for Mask2Former-VIS on YouTube-VIS 2021, as in mmdet
train_cfg = dict(max_iters=8000, val_interval=8000)
param_scheduler = [dict(type="MultiStepLR", milestones=[5500], gamma=0.1, by_epoch=False, end=8000)]
