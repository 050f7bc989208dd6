_base_ = "./adamw.py"

# 36 epochs, as many as in mmdet's 3x schedule; for 8 processes of two images each
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=36, val_interval=12)
param_scheduler = [dict(type="MultiStepLR", milestones=[27, 33], gamma=0.1, by_epoch=True, end=36)]
